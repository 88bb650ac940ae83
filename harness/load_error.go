package harness

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

// maxProblems bounds the problems that a LoadError renders. Those beyond it have
// no excerpt, and of a hopeless file not even all are noted.
const maxProblems = 50

// Problem is one thing that is wrong with a scenario, and where.
type Problem struct {
	File       string // as the caller named it, or "--set path=value"
	Line       int    // 1 first; 0 where the problem is not in a line
	Column     int    // in characters, 1 first
	Text       string // what is wrong
	Excerpt    string // the line and, below it, a caret; empty without a line
	Suggestion string // what to write instead; may be empty
}

// String renders the problem on several lines without a final newline.
func (p Problem) String() string {
	var b strings.Builder
	b.WriteString(p.File)
	if p.Line > 0 {
		fmt.Fprintf(&b, ":%d:%d", p.Line, p.Column)
	}
	fmt.Fprintf(&b, ": %s", p.Text)
	if p.Excerpt != "" {
		text, caret, _ := strings.Cut(p.Excerpt, "\n")
		fmt.Fprintf(&b, "\n%5d | %s\n      | %s", p.Line, text, caret)
	}
	if p.Suggestion != "" {
		fmt.Fprintf(&b, "\n      = %s", p.Suggestion)
	}
	return b.String()
}

// LoadError says that a scenario cannot be used, with every reason.
type LoadError struct {
	Problems []Problem
}

// Error renders the problems in the order in which they stand in the file.
func (e *LoadError) Error() string {
	shown := e.Problems[:min(len(e.Problems), maxProblems)]
	parts := make([]string, 0, len(shown)+1)
	for _, p := range shown {
		parts = append(parts, p.String())
	}
	if more := len(e.Problems) - len(shown); more > 0 {
		parts = append(parts, fmt.Sprintf("… and %d more problems", more))
	}
	return strings.Join(parts, "\n")
}

// problemAt places a problem at a node, which Set or the file brought in.
func (doc *Document) problemAt(n *yaml.Node, text, suggestion string) Problem {
	p := Problem{File: doc.file, Line: n.Line, Column: n.Column, Text: text, Suggestion: suggestion}
	if n.Line < 0 {
		p.File, p.Line, p.Column = doc.sets[-n.Line-1], 0, 0
		return p
	}
	// The parser places what is missing beyond the last line.
	p.Line, p.Column = min(max(p.Line, 1), len(doc.lines)), max(p.Column, 1)
	return p
}

// sorted orders problems as they stand in the file, settings last, removes those
// that several cells share, and shows the line of each.
func (doc *Document) sorted(problems []Problem) []Problem {
	slices.SortStableFunc(problems, func(a, b Problem) int {
		return cmp.Or(
			-cmp.Compare(min(a.Line, 1), min(b.Line, 1)),
			cmp.Compare(a.Line, b.Line),
			cmp.Compare(a.Column, b.Column),
			cmp.Compare(a.File, b.File),
			cmp.Compare(a.Text, b.Text),
		)
	})
	problems = slices.Compact(problems)
	for i := range problems[:min(len(problems), maxProblems)] {
		p := &problems[i]
		p.Excerpt = doc.excerpt(p.Line, p.Column)
	}
	return problems
}

// excerptWidth bounds an excerpt in characters.
const excerptWidth = 100

// excerpt returns the line with a caret below the column. Of a long line it
// shows the part around the column.
func (doc *Document) excerpt(line, column int) string {
	if line < 1 || line > len(doc.lines) {
		return ""
	}
	text := []rune(doc.lines[line-1])
	at := min(max(column-1, 0), len(text))
	if from := at - excerptWidth/2; len(text) > excerptWidth && from > 0 {
		text, at = append([]rune("…"), text[from:]...), at-from+1
	}
	if len(text) > excerptWidth {
		text = append(text[:excerptWidth:excerptWidth], '…')
	}
	pad := make([]rune, at)
	for i := range pad {
		pad[i] = ' '
		if text[i] == '\t' {
			pad[i] = '\t' // keeps the caret below its character
		}
	}
	return string(text) + "\n" + string(pad) + "^"
}
