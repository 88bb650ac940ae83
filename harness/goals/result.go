package goals

import (
	"math"

	"github.com/haproof/haproof/harness/stats"
)

// Result is one row: what was measured several times, and how well it should be.
type Result struct {
	Part   string    `json:"part,omitempty"` // of the bench, to run it alone
	What   string    `json:"what"`
	Unit   string    `json:"unit"`
	Goal   Goal      `json:"goal"`
	Values []float64 `json:"values"`          // one per round, in order
	Ratio  bool      `json:"ratio,omitempty"` // values are ratios of neighbours in time: their geometric mean counts, not their median
	Note   string    `json:"note,omitempty"`
}

// Centre returns the median of the values, of ratios the geometric mean; 0 without
// any.
func (r Result) Centre() float64 {
	if r.Ratio {
		mean, _ := stats.GeometricMean(r.Values)
		return mean
	}
	return stats.Median(r.Values)
}

// Interval returns the 95 % interval of the centre of ratios, and whether there is
// one.
func (r Result) Interval() (stats.Interval, bool) {
	if !r.Ratio || len(r.Values) < 2 {
		return stats.Interval{}, false
	}
	_, in := stats.GeometricMean(r.Values)
	return in, true
}

// Verdict compares the centre with the goal: "" without one, "met", or "missed"
// and by how much. Ratios whose interval holds the goal say that too.
func (r Result) Verdict() string {
	if !r.Goal.Set {
		return ""
	}
	if len(r.Values) == 0 {
		return "unknown"
	}
	said := "met"
	if c := r.Centre(); !r.Goal.holds(c) || math.IsNaN(c) {
		said = r.Goal.missedBy(c, r.Goal.Limit)
	}
	if in, ok := r.Interval(); ok && in.Low < r.Goal.Limit && r.Goal.Limit < in.High {
		said += ", not certainly"
	}
	return said
}
