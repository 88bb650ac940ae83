package goals

import (
	"strings"
	"testing"
)

func TestVerdictSaysMissedAndByHowMuch(t *testing.T) {
	for _, c := range []struct {
		why    string
		result Result
		want   string
	}{
		{"no goal", Result{Values: []float64{1}}, ""},
		{"nothing measured", Result{Goal: AtMost(1)}, "unknown"},
		{"the median counts, not the worst", Result{Goal: AtMost(2), Values: []float64{1, 2, 9}}, "met"},
		{"equal is enough", Result{Goal: AtLeast(2), Values: []float64{2}}, "met"},
		{"too much", Result{Goal: AtMost(2), Values: []float64{3}}, "missed by 1.00 (50.0 %)"},
		{"too little", Result{Goal: AtLeast(200), Values: []float64{150}}, "missed by 50.0 (25.0 %)"},
		{"a goal of nothing has no per cent", Result{Goal: AtMost(0), Values: []float64{0.5}}, "missed by 0.50"},
		{"a goal of nothing that is met", Result{Goal: AtMost(0), Values: []float64{0, 0, 0}}, "met"},
		{"ratios far below", Result{Goal: AtMost(1), Ratio: true, Values: []float64{0.5, 0.51, 0.5}}, "met"},
		{"ratios around the goal", Result{Goal: AtMost(1), Ratio: true, Values: []float64{0.9, 1.05, 0.95}}, "met, not certainly"},
		{"ratios around, a little above", Result{Goal: AtMost(1), Ratio: true, Values: []float64{0.9, 1.25, 1.0}}, "missed by 0.0400 (4.0 %), not certainly"},
	} {
		if got := c.result.Verdict(); got != c.want {
			t.Errorf("%s: got %q, want %q", c.why, got, c.want)
		}
	}
}

func TestTableIsMarkdownAndKeepsItsResults(t *testing.T) {
	var b strings.Builder
	table := Table{Out: &b}
	table.Head()
	table.Row(Result{What: "rate", Unit: "attempts/s", Goal: AtLeast(1e6), Values: []float64{1234567, 2000000, 1000000}, Note: "one core"})
	table.Row(Result{What: "ours / theirs", Unit: "×", Goal: AtMost(0.95), Ratio: true, Values: []float64{2, 0.5}})
	table.Row(Result{What: "nothing", Unit: "×"})
	want := `| What | Unit | n | Median | Least – most | Goal | | Note |
|---|---|--:|--:|--:|--:|---|---|
| rate | attempts/s | 3 | 1,234,567 | 1,000,000 – 2,000,000 | ≥ 1,000,000 | met | one core |
| ours / theirs | × | 2 | 1.00 | 0.50 – 2.00 | ≤ 0.95 | missed by 0.0500 (5.3 %), not certainly | geometric mean, 95 % interval 0.0001 to 6,682 |
| nothing | × | 0 | unknown |  |  |  |  |
`
	if b.String() != want || len(table.Results) != 3 {
		t.Errorf("got\n%s\nwant\n%s", &b, want)
	}
}
