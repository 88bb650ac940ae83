package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/haproof/haproof/containers"
	"github.com/haproof/haproof/harness"
	"github.com/haproof/haproof/harness/check"
	"github.com/haproof/haproof/harness/driver"
	"github.com/haproof/haproof/scenarios"
)

// question is a scenario that is ready to be played.
type question struct {
	arg      string // as the user named it
	scenario harness.Scenario
	cells    []harness.Cell
	doc      *harness.Document
	notes    []string // what of it is not played, and why

	fingerprint string // of the file, before settings
}

// setting is one --set path=value.
type setting struct{ path, value string }

func vocabulary() harness.Vocabulary {
	return harness.Vocabulary{
		Kinds:    containers.Kinds(),
		Checks:   check.Names(),
		Drivers:  driver.Names(),
		Profiles: driver.Profiles(),
		Options: func(spec harness.CheckSpec) error {
			_, err := check.New(spec)
			return err
		},
	}
}

// loadAll loads every scenario and applies the settings to each. All that is
// wrong with any of them comes back at once.
func loadAll(args []string, settings []setting) ([]question, error) {
	var questions []question
	var problems harness.LoadError
	var errs []error
	for _, arg := range args {
		q, err := load(arg, settings)
		var bad *harness.LoadError
		switch {
		case errors.As(err, &bad):
			problems.Problems = append(problems.Problems, bad.Problems...)
		case err != nil:
			errs = append(errs, err)
		}
		questions = append(questions, q)
	}
	if len(errs) > 0 && len(problems.Problems) > 0 {
		errs = append(errs, &problems)
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	if len(problems.Problems) > 0 {
		return nil, &problems
	}
	return questions, nil
}

func load(arg string, settings []setting) (question, error) {
	file, src, err := readScenario(arg)
	if err != nil {
		return question{}, err
	}
	doc, err := harness.Load(file, src, vocabulary())
	if err != nil {
		return question{}, err
	}
	fingerprint, err := doc.Fingerprint()
	if err != nil {
		return question{}, err
	}
	var problems harness.LoadError
	for _, s := range settings {
		var bad *harness.LoadError
		if errors.As(doc.Set(s.path, s.value), &bad) {
			problems.Problems = append(problems.Problems, bad.Problems...)
		}
	}
	if len(problems.Problems) > 0 {
		return question{}, &problems
	}
	q := question{arg: arg, doc: doc, fingerprint: fingerprint}
	return q, q.decode()
}

// decode takes the scenario and its cells from the document as it stands.
func (q *question) decode() (err error) {
	if q.cells, err = q.doc.Cells(); err != nil {
		return err
	}
	q.scenario, err = q.doc.Scenario()
	return err
}

// readScenario reads a file, or a shipped scenario by its name. What looks like
// a path is one.
func readScenario(arg string) (file string, src []byte, err error) {
	if strings.ContainsRune(arg, filepath.Separator) || strings.HasSuffix(arg, ".yaml") {
		src, err = readLimited(arg)
		if name := strings.TrimSuffix(arg, ".yaml"); errors.Is(err, fs.ErrNotExist) && slices.Contains(shipped(), name) {
			err = fmt.Errorf("%w: the scenario that comes with haproof is called %s", err, name)
		}
		return arg, src, err
	}
	for _, folder := range folders {
		src, err = fs.ReadFile(scenarios.Files(), path.Join(folder, arg+".yaml"))
		if err == nil {
			return arg + ".yaml", src, nil
		}
	}
	return "", nil, fmt.Errorf("unknown scenario %q: %s", arg, harness.Suggest(arg, shipped()))
}

// folders are where the program has scenarios: names are unique among all.
var folders = []string{".", scenarios.Faults, scenarios.Regression}

// readLimited reads one byte more than a scenario may have, which Load refuses.
func readLimited(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return io.ReadAll(io.LimitReader(file, harness.MaxScenarioBytes+1))
}

// shipped returns the names of all scenarios in the program.
func shipped() []string {
	var names []string
	for _, folder := range folders {
		names = append(names, shippedIn(folder)...)
	}
	return names
}

// shippedIn returns the names of the scenarios in a folder of the program.
func shippedIn(folder string) []string {
	files, _ := fs.Glob(scenarios.Files(), path.Join(folder, "*.yaml")) // the pattern is good
	for i, file := range files {
		files[i] = strings.TrimSuffix(path.Base(file), ".yaml")
	}
	return files
}
