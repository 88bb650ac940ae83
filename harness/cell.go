package harness

import (
	"fmt"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v4"
)

// MaxCells bounds the combinations of a scenario's axes.
const MaxCells = 256

// parent returns the path above a dotted path, "" for the whole file.
func parent(path string) string {
	return path[:max(strings.LastIndexByte(path, '.'), 0)]
}

// decode decodes the scenario and all its cells, and validates them.
func (doc *Document) decode() (Scenario, []Cell, error) {
	base, d := doc.decodeTree(doc.root)
	problems := d.problems
	cells, more := doc.cells(base, d)
	problems = doc.sorted(append(problems, more...))
	if len(problems) > 0 {
		return Scenario{}, nil, &LoadError{Problems: problems}
	}
	return base, cells, nil
}

// decodeTree decodes one tree, without the rules that span several fields.
func (doc *Document) decodeTree(root *yaml.Node) (Scenario, *decoder) {
	d := &decoder{doc: doc, places: map[string]*yaml.Node{}, broken: map[string]bool{}}
	sc := defaultScenario
	mapping(d, value{node: root}, scenarioFields, &sc)
	sc.Name = doc.name
	return sc, d
}

// cells plays every combination of the axes through decoding and validation.
func (doc *Document) cells(base Scenario, d *decoder) ([]Cell, []Problem) {
	if len(d.problems) > maxProblems || d.axesBroken() || !doc.countable(base.Axes, d) {
		for _, axis := range base.Axes {
			d.broken[axis.Path] = true // what the axis would set is not missing
		}
		d.validate(&base)
		return nil, d.problems
	}
	var cells []Cell
	var problems []Problem
	names := map[string]bool{}
	for pick := make([]int, len(base.Axes)); pick != nil; pick = next(pick, base.Axes) {
		cell, more := doc.cell(base.Axes, pick)
		cell.Name = unique(cell.Name, names)
		cells = append(cells, cell)
		problems = append(problems, more...)
	}
	return cells, problems
}

// axesBroken says whether anything about the axes could not be read.
func (d *decoder) axesBroken() bool {
	for path := range d.broken {
		if path == "axes" || strings.HasPrefix(path, "axes.") {
			return true
		}
	}
	return false
}

// countable says whether every axis has values and all combinations can be
// listed.
func (doc *Document) countable(axes []Axis, d *decoder) bool {
	count := 1
	for _, axis := range axes {
		if count *= len(axis.Values); count > MaxCells {
			at := value{"axes", d.place("axes")}
			d.wrong(at, fmt.Sprintf("the axes have more than %d combinations", MaxCells), "sweep fewer values")
			return false
		}
	}
	return count > 0
}

// next advances pick to the next combination, the last axis first; nil ends.
func next(pick []int, axes []Axis) []int {
	for i := len(pick) - 1; i >= 0; i-- {
		if pick[i]++; pick[i] < len(axes[i].Values) {
			return pick
		}
		pick[i] = 0
	}
	return nil
}

// cell applies one combination of the axes.
func (doc *Document) cell(axes []Axis, pick []int) (Cell, []Problem) {
	root, settings := doc.root, make([]Setting, len(axes))
	var problems []Problem
	for i, axis := range axes {
		settings[i] = Setting{Path: axis.Path, Value: axis.Values[pick[i]]}
		key, node := doc.axis(axis.Path, pick[i])
		if strings.HasPrefix(axis.Path+".", "axes.") {
			problems = append(problems, doc.problemAt(key, "an axis cannot sweep the axes", ""))
			continue
		}
		tree, text, suggestion := with(root, pathKeys(axis.Path), key, node)
		if text != "" {
			problems = append(problems, doc.problemAt(key, text, suggestion))
			continue
		}
		root = tree
	}
	sc, d := doc.decodeTree(root)
	d.validate(&sc)
	return Cell{Name: cellName(settings), Settings: settings, Scenario: sc}, append(problems, d.problems...)
}

// axis returns the nodes of an axis' path and of its i-th value.
func (doc *Document) axis(path string, i int) (key, node *yaml.Node) {
	axes := child(doc.root, "axes")
	for k := 0; k+1 < len(axes.Content); k += 2 {
		if axes.Content[k].Value == path {
			return axes.Content[k], axes.Content[k+1].Content[i]
		}
	}
	return doc.root, doc.root // not reached: decoding found the axis here
}

// cellName joins the settings by their short paths.
func cellName(settings []Setting) string {
	if len(settings) == 0 {
		return "only"
	}
	parts := make([]string, len(settings))
	for i, s := range settings {
		short := strings.TrimPrefix(strings.TrimPrefix(s.Path, "topology."), "workload.")
		parts[i] = DirName(short + "=" + s.Value)
	}
	return strings.Join(parts, ",")
}

// unfit matches what a directory name should not have.
var unfit = regexp.MustCompile(`[^A-Za-z0-9._=+-]+`)

// maxDirName leaves room below the 255 bytes that file systems take.
const maxDirName = 200

// DirName makes a text safe as the name of a directory: letters, digits and
// "._=+-" stay, anything else becomes "_". It never returns "", "." or "..".
func DirName(text string) string {
	name := unfit.ReplaceAllString(text, "_")
	name = name[:min(len(name), maxDirName)]
	if strings.Trim(name, ".") == "" {
		return "_"
	}
	return name
}

// unique keeps cell names apart that are equal once they are safe.
func unique(name string, taken map[string]bool) string {
	name = name[:min(len(name), maxDirName)]
	for i, plain := 2, name; taken[name]; i++ {
		name = fmt.Sprintf("%s+%d", plain, i)
	}
	taken[name] = true
	return name
}
