package reports

import (
	"cmp"
	"slices"
	"strings"

	"github.com/haproof/haproof/harness"
)

// cellTrial is one trial with the cell that it belongs to.
type cellTrial struct {
	cell  *harness.CellResult
	trial *harness.TrialResult
}

// trials lists all trials of a result in order.
func trials(r *harness.Result) []cellTrial {
	var all []cellTrial
	for i := range r.Cells {
		for j := range r.Cells[i].Trials {
			all = append(all, cellTrial{&r.Cells[i], &r.Cells[i].Trials[j]})
		}
	}
	return all
}

// shown picks the one trial whose details are drawn: the first that failed,
// else the first that stayed unknown, else the last through the proxy. Its trial is nil
// where nothing was played.
func shown(r *harness.Result) cellTrial {
	all := trials(r)
	for _, status := range []harness.Status{harness.Fail, harness.Unknown} {
		for _, ct := range all {
			if len(ct.trial.Verdicts) > 0 && worst(ct.trial.Verdicts) == status {
				return ct
			}
		}
	}
	return drawnTrial(r)
}

// drawnTrial is the last trial through the proxy, else the last one.
func drawnTrial(r *harness.Result) cellTrial {
	all := trials(r)
	for _, ct := range slices.Backward(all) {
		if ct.cell.Cell.Scenario.Workload.Route != harness.RouteDirect {
			return ct
		}
	}
	if len(all) == 0 {
		return cellTrial{}
	}
	return all[len(all)-1]
}

// name says which trial it is, and nothing where there is only one.
func (ct cellTrial) name(r *harness.Result) string {
	if ct.trial == nil || len(r.Cells) == 1 && len(r.Cells[0].Trials) == 1 {
		return ""
	}
	if len(r.Cells) == 1 {
		return "trial " + count(ct.trial.Trial)
	}
	return "trial " + count(ct.trial.Trial) + " of " + word(ct.cell.Cell.Name)
}

// searching says whether the run looked for a maximum: its trials are
// staircases, so that quantiles over a whole trial mean little.
func searching(r *harness.Result) bool { return r.Scenario.Workload.Search != nil }

// joined lists at most limit words.
func joined(words []string, limit int) string {
	kept, omitted := first(words, limit)
	out := make([]string, 0, len(kept)+1)
	for _, w := range kept {
		out = append(out, word(w))
	}
	if omitted > 0 {
		out = append(out, andMore(omitted))
	}
	return strings.Join(out, ", ")
}

// median of a list; 0 for an empty one. It leaves the list as it is.
func median(list []float64) float64 {
	if len(list) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(list))
	mid := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[mid]
	}
	return (sorted[mid-1] + sorted[mid]) / 2
}

// commonest returns the most frequent non-empty word, the first of equals.
func commonest(words []string) string {
	often := map[string]int{}
	for _, w := range words {
		if w != "" {
			often[w]++
		}
	}
	best := ""
	for w, n := range often {
		if c := cmp.Compare(n, often[best]); best == "" || c > 0 || c == 0 && w < best {
			best = w
		}
	}
	return best
}
