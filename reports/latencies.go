package reports

import (
	"strconv"

	"github.com/haproof/haproof/harness"
)

// latencyTable lists the three distributions of each trial. A search has none:
// its trials are staircases beyond what the topology can bear.
func latencyTable(r *harness.Result) table {
	if searching(r) {
		return stairTable(r)
	}
	tab := table{
		Title: "How long it took",
		Note:  "Response counts from the intended send time (corrected for coordinated omission), service from the actual one (uncorrected). Lag is how late the generator sent.",
	}
	all := trials(r)
	if len(r.Cells) > 1 {
		tab.Columns = append(tab.Columns, left("cell"))
	}
	if len(all) > 1 {
		tab.Columns = append(tab.Columns, right("trial"))
	}
	tab.Columns = append(tab.Columns, left("time"), right("n"), right("p50"), right("p90"), right("p99"), right("p99.9"), right("max"))
	for _, ct := range all {
		var lead []string
		if len(r.Cells) > 1 {
			lead = append(lead, word(ct.cell.Cell.Name))
		}
		if len(all) > 1 {
			lead = append(lead, count(ct.trial.Trial))
		}
		s := &ct.trial.Summary
		addQuantiles(&tab, lead, "response", s.Response)
		addQuantiles(&tab, lead, "service", s.Service)
		addQuantiles(&tab, lead, "lag", s.Lag)
	}
	tab.limit(3 * maxTrialRows)
	return tab
}

func addQuantiles(tab *table, lead []string, name string, q harness.Quantiles) {
	if q.N == 0 {
		tab.add("", append(append([]string{}, lead...), name, "0", dash, dash, dash, dash, dash)...)
		return
	}
	tab.add("", append(append([]string{}, lead...), name, count(q.N),
		duration(q.P50), duration(q.P90), duration(q.P99), duration(q.P999), duration(q.Max))...)
}

// stairTable lists the bracket that each search found.
func stairTable(r *harness.Result) table {
	o := r.Scenario.Workload.Search.Objective
	tab := table{
		Title: "What each search found",
		Note: "A rate is met when " + quantileName(o.Quantile) + " of the response time stays within " + duration(o.Latency) +
			" and at least " + percent(o.Achieved) + " of what was offered is completed. Lag is how late the generator sent.",
		Columns: []column{left("cell"), right("trial"), right("met req/s"), right("violated req/s"), left("what broke"), right("stairs"), right("lag p99"), left("limit")},
	}
	for _, ct := range trials(r) {
		met, violated, why, stairs := dash, dash, dash, dash
		if s := ct.trial.Summary.Sustained; s != nil {
			met, violated, why, stairs = bound(s.MetRPS, "none"), bound(s.ViolatedRPS, "none"), sentence(s.Why), count(len(s.Stairs))
		}
		lag := dash
		if q := ct.trial.Summary.Lag; q.N > 0 {
			lag = duration(q.P99)
		}
		tab.add("", word(ct.cell.Cell.Name), count(ct.trial.Trial), met, violated, why, stairs, lag, limitOf(ct.trial.Bottleneck))
	}
	tab.limit(maxTrialRows)
	return tab
}

// bound writes one end of a bracket, whose zero means that there is none.
func bound(rps float64, none string) string {
	if rps == 0 {
		return none
	}
	return decimal(rps)
}

// quantileName writes 0.99 as p99 and 0.999 as p99.9.
func quantileName(q float64) string { return "p" + strconv.FormatFloat(100*q, 'g', 6, 64) }
