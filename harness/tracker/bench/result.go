package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// result is one row of the table.
type result struct {
	what, unit string
	goal       float64 // 0 for none
	least      bool    // the goal is the least, not the most, that is wanted
	values     []float64
	note       string
}

// median returns 0 for no values.
func (r result) median() float64 { return quantile(r.values, 0.5) }

// quantile returns the value below which so much of all values lies.
func quantile(values []float64, q float64) float64 {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	return sorted[int(q*float64(len(sorted)-1)+0.5)]
}

// verdict compares the median with the goal.
func (r result) verdict() string {
	switch {
	case r.goal == 0:
		return ""
	case r.least == (r.median() >= r.goal) || r.median() == r.goal:
		return "met"
	default:
		return "missed"
	}
}

func (r result) wanted() string {
	switch {
	case r.goal == 0:
		return ""
	case r.least:
		return "≥ " + number(r.goal)
	default:
		return "≤ " + number(r.goal)
	}
}

// number writes three digits at least, and commas.
func number(v float64) string {
	decimals := 0
	for limit := 100.0; decimals < 2 && v < limit; limit /= 10 {
		decimals++
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

// table is written row by row, as they become known.
type table struct{ out io.Writer }

func (t table) head() {
	fmt.Fprintln(t.out, "| What | Unit | n | Median | Least – most | Goal | | Note |")
	fmt.Fprintln(t.out, "|---|---|--:|--:|--:|--:|---|---|")
}

func (t table) row(r result) {
	fmt.Fprintf(t.out, "| %s | %s | %d | %s | %s – %s | %s | %s | %s |\n", r.what, r.unit, len(r.values), number(r.median()),
		number(quantile(r.values, 0)), number(quantile(r.values, 1)), r.wanted(), r.verdict(), r.note)
}
