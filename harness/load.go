package harness

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"regexp"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
)

// MaxScenarioBytes bounds a scenario file.
const MaxScenarioBytes = 1 << 20

// Vocabulary is what the names in a scenario may be. It comes from the caller,
// because the domain knows neither component kinds nor checks nor drivers.
type Vocabulary struct {
	Kinds    []string // component kinds of tiers
	Checks   []string
	Drivers  []string
	Profiles []string // of the drivers' traffic

	// Options says what is wrong with the options of a known check. Nil accepts
	// every option.
	Options func(CheckSpec) error
}

// Document is a scenario file that can still be edited by Set before it is
// decoded. It is not safe for concurrent use.
type Document struct {
	file  string
	name  string // file name without .yaml
	lines []string
	sets  []string // what Set was asked; nodes refer to it by negative line
	root  *yaml.Node
	vocab Vocabulary
}

// Load reads a scenario from src and checks all of it; path names it in
// problems. The error is a *LoadError that lists every problem found.
func Load(path string, src []byte, vocab Vocabulary) (*Document, error) {
	doc := &Document{
		file:  path,
		name:  strings.TrimSuffix(filepath.Base(path), ".yaml"),
		vocab: vocab,
	}
	if p := doc.unreadable(src); p != nil {
		return nil, &LoadError{Problems: []Problem{*p}}
	}
	doc.lines = lineBreak.Split(string(src), -1)
	root, p := doc.parse(src)
	if p != nil {
		return nil, &LoadError{Problems: []Problem{*p}}
	}
	doc.root = root
	if _, err := doc.Cells(); err != nil {
		return nil, err
	}
	return doc, nil
}

// lineBreak is all that the YAML parser counts as the end of a line.
var lineBreak = regexp.MustCompile("\r\n|[\r\n\u0085\u2028\u2029]")

// Scenario decodes the scenario as it stands, its axes not applied. The error
// is a *LoadError, also when only a cell has a problem.
func (doc *Document) Scenario() (Scenario, error) {
	sc, _, err := doc.decode()
	return sc, err
}

// Cells decodes every combination of the axes, the last axis varying fastest.
// A scenario without axes has one cell named "only". The error is a *LoadError.
func (doc *Document) Cells() ([]Cell, error) {
	_, cells, err := doc.decode()
	return cells, err
}

// unreadable finds what makes the bytes no text that could be parsed.
func (doc *Document) unreadable(src []byte) *Problem {
	if len(src) > MaxScenarioBytes {
		return &Problem{
			File:       doc.file,
			Text:       fmt.Sprintf("the file has %d bytes, more than the limit of %d", len(src), MaxScenarioBytes),
			Suggestion: "is this a scenario?",
		}
	}
	for at := 0; at < len(src); {
		r, size := utf8.DecodeRune(src[at:])
		if r == utf8.RuneError && size == 1 {
			before := src[:at]
			return &Problem{
				File:       doc.file,
				Line:       1 + bytes.Count(before, []byte("\n")),
				Column:     1 + utf8.RuneCount(before[bytes.LastIndexByte(before, '\n')+1:]),
				Text:       fmt.Sprintf("byte 0x%02x is not UTF-8", src[at]),
				Suggestion: "save the file as UTF-8",
			}
		}
		at += size
	}
	return nil
}

// parse returns the mapping that the only document of src consists of.
func (doc *Document) parse(src []byte) (*yaml.Node, *Problem) {
	dec := yaml.NewDecoder(bytes.NewReader(src))
	var first, second yaml.Node
	switch err := decodeNode(dec, &first); {
	case errors.Is(err, io.EOF):
		return nil, &Problem{
			File: doc.file, Line: 1, Column: 1,
			Text:       "the file is empty",
			Suggestion: "a scenario has question, topology, workload and checks",
		}
	case err != nil:
		return nil, doc.syntax(err)
	}
	switch err := decodeNode(dec, &second); {
	case err == nil:
		p := doc.problemAt(&second, "a second document begins here", "write one scenario per file")
		p.Excerpt = doc.excerpt(p.Line, p.Column)
		return nil, &p
	case !errors.Is(err, io.EOF):
		return nil, doc.syntax(err)
	}
	if len(first.Content) == 0 {
		return nil, &Problem{File: doc.file, Line: 1, Column: 1, Text: "the file is empty"}
	}
	return first.Content[0], nil
}

// decodeNode reads one document. The parser panics on states that it takes for
// impossible; for us that is a file that cannot be parsed.
func decodeNode(dec *yaml.Decoder, into *yaml.Node) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("yaml: %v", p)
		}
	}()
	return dec.Decode(into)
}

// grammatical matches problems of the YAML library's parser, whose lines count
// from 0, while those of its scanner count from 1 (v4.0.0-rc.3, parser.fail).
var grammatical = regexp.MustCompile(`^did not find expected (',' or|'-' indicator|key|node content|<)`)

// syntax places an error of the YAML parser, as far as it says where.
func (doc *Document) syntax(err error) *Problem {
	p := Problem{File: doc.file, Line: 1, Column: 1, Text: strings.TrimPrefix(err.Error(), "yaml: ")}
	var at *yaml.ParserError
	if errors.As(err, &at) {
		p.Text = at.Message
		p.Line = at.Line
		if grammatical.MatchString(at.Message) {
			p.Line++
		}
		p.Line = min(max(p.Line, 1), len(doc.lines))
		p.Column = at.Column + 1
	}
	p.Text = "this is not YAML: " + p.Text
	p.Excerpt = doc.excerpt(p.Line, p.Column)
	return &p
}
