package reports

import (
	"github.com/haproof/haproof/harness"
)

// phaseTable shows what clients saw before, during and after each fault.
func phaseTable(r *harness.Result) table {
	tab := table{
		Title: "What clients saw of each fault",
		Note: "Attempts are counted where they ended. Before: from the beginning until the trial's first fault. During: from its beginning until the lab was whole, " +
			"or until its end where that was not seen. After: until the next fault, or the end.",
		Columns: []column{left("fault"), left("phase"), right("from"), right("to"), right("attempts"), right("errors"), right("req/s"), right("p50"), right("p99")},
	}
	all := trials(r)
	if len(all) > 1 {
		tab.Columns = append([]column{left("trial")}, tab.Columns...)
	}
	for _, ct := range all {
		for _, row := range phaseRows(ct.trial) {
			if len(all) > 1 {
				row = append([]string{ct.name(r)}, row...)
			}
			tab.add("", row...)
		}
	}
	tab.limit(3 * maxTrialRows)
	return tab
}

// phaseRows are the phases of one trial. What was before its first fault stands there
// once.
func phaseRows(t *harness.TrialResult) [][]string {
	var rows [][]string
	for i, p := range t.Phases {
		if p.Disturbance < 0 || p.Disturbance >= len(t.Disturbances) {
			continue // a result that somebody edited
		}
		name := faultName(t.Disturbances[p.Disturbance])
		if i == 0 {
			rows = append(rows, append([]string{dash, "before"}, phaseCells(p.Before)...))
		}
		rows = append(rows, append([]string{name, "during"}, phaseCells(p.During)...), append([]string{name, "after"}, phaseCells(p.After)...))
	}
	return rows
}

// faultName writes reload of proxy1 at 2 s.
func faultName(d harness.Disturbance) string {
	do := word(d.Fault.Do)
	if d.Sham {
		do = "sham " + do
	}
	return do + " of " + word(d.Fault.Node) + " at " + duration(d.Fault.At)
}

func phaseCells(p harness.Phase) []string {
	cells := []string{duration(p.From), duration(p.To), count(p.Attempts), count(p.Errors)}
	if p.Attempts == 0 {
		return append(cells, dash, dash, dash)
	}
	return append(cells, decimal(p.RateRPS), duration(p.P50), duration(p.P99))
}

// outageTable compares response times of trackers' faults with their references.
// It has no rows where no fault was played often enough.
func outageTable(r *harness.Result) table {
	tab := table{
		Title: "How slow clients were served during and after faults of trackers",
		Note: "The p99 of response times, compared with the same time of trials without tracking (off) or with the time before the fault: " +
			"median over n pairs of trials, with its 95 % interval. An interval that holds 100 % shows no difference.",
		Columns: []column{left("fault"), left("phase"), right("p99"), left("compared with"), right("p99 there"), left("that is")},
	}
	for _, o := range r.Outages {
		for _, phase := range []struct {
			name   string
			change harness.Change
		}{{"during", o.During}, {"after", o.After}} {
			if phase.change.N < 2 {
				continue // the table of phases says as much
			}
			tab.add("", outageName(o), phase.name, costSeconds(phase.change.Median), word(o.Reference), costSeconds(phase.change.Reference), changeText(phase.change))
		}
	}
	tab.limit(maxTrialRows)
	return tab
}

func outageName(o harness.Outage) string {
	name := faultName(harness.Disturbance{Fault: o.Fault})
	if o.Name != "" {
		name += ", " + costColumn(o.Name)
	}
	return name
}
