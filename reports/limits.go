package reports

import (
	"slices"

	"github.com/haproof/haproof/harness"
)

// maxLimitRows bounds the limits that are shown, whose reasons are long.
const maxLimitRows = 20

// limitTable says what held the rate of each cell, how that is known and what to do
// about it: a row per limit, with the reason of the first trial that had it.
func limitTable(r *harness.Result) table {
	tab := table{
		Title:   "What held it",
		Note:    "The client, a tier, what answers as a whole (server), the kernel or the host; unknown where nothing that is measured was at its limit.",
		Columns: []column{left("limit"), left("of it"), right("trials"), left("why")},
	}
	if len(r.Cells) > 1 {
		tab.Columns = append([]column{left("cell")}, tab.Columns...)
	}
	for i := range r.Cells {
		for _, l := range limitsOf(r.Cells[i].Trials) {
			cells := []string{l.name, orDash(l.means), count(l.trials) + " of " + count(len(r.Cells[i].Trials)), sentence(l.why)}
			if len(r.Cells) > 1 {
				cells = append([]string{word(r.Cells[i].Cell.Name)}, cells...)
			}
			tab.add("", cells...)
		}
	}
	tab.limit(maxLimitRows)
	return tab
}

// held is one limit of a cell's trials.
type held struct {
	name, means, why string
	trials           int
}

// limitsOf counts the limits of trials, the most frequent first. Results that do not
// say why give none.
func limitsOf(trials []harness.TrialResult) []held {
	var list []held
	for i := range trials {
		t := &trials[i]
		if t.Why == "" {
			continue
		}
		name := limitOf(t.Bottleneck)
		at := slices.IndexFunc(list, func(h held) bool { return h.name == name && h.means == word(t.Means) })
		if at < 0 {
			at, list = len(list), append(list, held{name: name, means: word(t.Means), why: t.Why})
		}
		list[at].trials++
	}
	slices.SortStableFunc(list, func(a, b held) int { return b.trials - a.trials })
	return list
}
