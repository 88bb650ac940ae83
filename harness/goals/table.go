package goals

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// Table is written in Markdown, row by row, as results become known.
type Table struct {
	Out     io.Writer
	Results []Result // all rows so far
}

// Head writes the head.
func (t *Table) Head() {
	fmt.Fprintln(t.Out, "| What | Unit | n | Median | Least – most | Goal | | Note |")
	fmt.Fprintln(t.Out, "|---|---|--:|--:|--:|--:|---|---|")
}

// Row writes one row. Of ratios it gives the geometric mean in place of the median,
// and its interval in the note.
func (t *Table) Row(r Result) {
	t.Results = append(t.Results, r)
	centre, spread, note := "unknown", "", r.Note
	if len(r.Values) > 0 {
		centre = Number(r.Centre())
		spread = Number(slices.Min(r.Values)) + " – " + Number(slices.Max(r.Values))
	}
	if in, ok := r.Interval(); ok {
		note = strings.TrimSuffix(fmt.Sprintf("geometric mean, 95 %% interval %s to %s; %s", Number(in.Low), Number(in.High), note), "; ")
	}
	fmt.Fprintf(t.Out, "| %s | %s | %d | %s | %s | %s | %s | %s |\n", r.What, r.Unit, len(r.Values), centre, spread, r.Goal, r.Verdict(), note)
}

// Number writes three digits at least, and commas.
func Number(v float64) string {
	if v < 0 {
		return "-" + Number(-v)
	}
	decimals := 0
	for limit := 100.0; decimals < 2 && v < limit; limit /= 10 {
		decimals++
	}
	if 0 < v && v < 0.1 {
		decimals = 4
	}
	text := fmt.Sprintf("%.*f", decimals, v)
	whole, fraction, _ := strings.Cut(text, ".")
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	if fraction == "" {
		return whole
	}
	return whole + "." + fraction
}
