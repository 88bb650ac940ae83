package reports

import (
	"maps"
	"slices"

	"github.com/haproof/haproof/harness"
)

// Caps of the tables of counts.
const (
	maxTrialRows    = 30
	maxCustomerRows = 60
)

// counted says whether the trial's counts were compared at all: the trials of
// a search share their lab, so that only the client testifies.
func counted(t *harness.TrialResult) bool {
	return len(t.Counts)+len(t.Absent) > 1
}

// witnessTable compares the totals of the witnesses: one row per witness where
// one trial counted, else one row per trial. It has no rows where none did.
func witnessTable(r *harness.Result) table {
	var seen []cellTrial
	for _, ct := range trials(r) {
		if counted(ct.trial) {
			seen = append(seen, ct)
		}
	}
	switch len(seen) {
	case 0:
		return table{}
	case 1:
		return witnessRows(seen[0].trial)
	}
	return witnessTrials(seen)
}

func witnessRows(t *harness.TrialResult) table {
	s := spreadOf(t)
	tab := table{
		Title:   "Who counted what",
		Note:    "Dynamic answers charged, as each witness saw them on its own. Difference: the sum over customers of what it counted too many or too few against the client." + faultsForget(t),
		Columns: []column{left("witness"), right("charged"), right("customers"), right("differ"), right("difference"), left("agreement")},
	}
	for i, w := range s.Witnesses {
		differ, off, known := 0, int64(0), 0
		for _, c := range s.Customers {
			if c.Tallies[i] != (harness.Tally{}) {
				known++
			}
			if c.Gaps[i] != 0 {
				differ++
				off += max(c.Gaps[i], -c.Gaps[i])
			}
		}
		mark, agreement := agreementOf(i, differ)
		tab.add(mark, label(w), tally(t.Counts[w]), count(known), count(differ), count(off), agreement)
	}
	if len(s.Witnesses) == 0 {
		tab.add("unknown", harness.WitnessClient, dash, dash, dash, dash, "absent: nothing to compare with")
	}
	for _, w := range slices.Sorted(maps.Keys(t.Absent)) {
		tab.add("unknown", label(w), dash, dash, dash, dash, "absent: "+sentence(t.Absent[w]))
	}
	tab.limit(2 * maxWitnesses)
	return tab
}

func agreementOf(i, differ int) (mark, agreement string) {
	switch {
	case i == 0:
		return "", "reference"
	case differ > 0:
		return "fail", "contradicts the client"
	}
	return "", "agrees"
}

func witnessTrials(seen []cellTrial) table {
	witnesses := testified(seen[0].trial)
	tab := table{
		Title:   "Who counted what",
		Note:    "Dynamic answers charged in each trial, as each witness saw them on its own. Differ: customers on which some witness contradicts the client." + faultsForget(seen[0].trial),
		Columns: []column{left("cell"), right("trial")},
	}
	for _, w := range witnesses {
		tab.Columns = append(tab.Columns, right(label(w)))
	}
	tab.Columns = append(tab.Columns, right("customers"), right("differ"), left("absent"))
	kept, omitted := first(seen, maxTrialRows)
	tab.Omitted = omitted
	for _, ct := range kept {
		s, cells := spreadOf(ct.trial), []string{word(ct.cell.Cell.Name), count(ct.trial.Trial)}
		for _, w := range witnesses {
			cells = append(cells, tallyOf(ct.trial, w))
		}
		absent, mark := joined(labels(slices.Sorted(maps.Keys(ct.trial.Absent))), 5), ""
		if absent != "" {
			mark = "unknown"
		}
		if s.Differing > 0 {
			mark = "fail"
		}
		tab.add(mark, append(cells, count(len(s.Customers)), count(s.Differing), absent)...)
	}
	return tab
}

func tallyOf(t *harness.TrialResult, witness string) string {
	if total, ok := t.Counts[witness]; ok {
		return tally(total)
	}
	return dash
}

// faultsForget warns of what faults take from a witness.
func faultsForget(t *harness.TrialResult) string {
	if len(t.Disturbances) == 0 {
		return ""
	}
	return " What stopping processes logged for the tracker is added to the stick table. After faults a table lacks what its process lost."
}

// customerTable lists the customers of a spread, those that differ first.
func customerTable(s spread) table {
	tab := table{Columns: []column{left("customer")}}
	for _, w := range s.Witnesses {
		tab.Columns = append(tab.Columns, right(label(w)))
	}
	tab.Columns = append(tab.Columns, right("difference"))
	listed, omitted := first(differingFirst(s.Customers), maxCustomerRows)
	tab.Omitted = omitted
	for _, c := range listed {
		cells, mark, sum := []string{word(c.Key)}, "", int64(0)
		for i := range s.Witnesses {
			cells = append(cells, tally(c.Tallies[i]))
			sum += c.Gaps[i]
		}
		if c.off() > 0 {
			mark = "fail"
		}
		tab.add(mark, append(cells, signed(sum))...)
	}
	return tab
}

// differingFirst moves the customers with gaps to the front and keeps the
// order otherwise.
func differingFirst(all []customer) []customer {
	var bad, good []customer
	for _, c := range all {
		if c.off() > 0 {
			bad = append(bad, c)
		} else {
			good = append(good, c)
		}
	}
	return append(bad, good...)
}
