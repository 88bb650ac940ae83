package reports

import (
	"slices"
	"strings"
	"time"

	"github.com/haproof/haproof/harness"
)

// costTables show what each state of the trackers costs the proxies, one table per
// quantity: a row per state, a column per version or other setting.
func costTables(r *harness.Result) []table {
	costs, _ := first(r.Costs, maxTrialRows)
	if len(costs) == 0 {
		return nil
	}
	tables := []table{
		costTable(costs, "CPU time of HAProxy per attempt", costSeconds, func(c harness.Cost) harness.Change { return c.CPU }),
		costTable(costs, "Capacity in a closed loop", costRate, func(c harness.Cost) harness.Change { return c.Rate }),
		costTable(costs, "Response time p99 at the offered rate", costSeconds, func(c harness.Cost) harness.Change { return c.P99 }),
	}
	tables = slices.DeleteFunc(tables, func(t table) bool { return len(t.Rows) == 0 })
	if len(tables) == 0 {
		return nil
	}
	tables[0].Note = "Off is what it is without tracking, the rows below are what a tracker makes of that: median over n pairs of trials that were played close to each other, with its 95 % interval. " +
		"An interval that holds 100 % shows no difference."
	return tables
}

func costSeconds(x float64) string { return duration(time.Duration(x * float64(time.Second))) }

func costRate(x float64) string { return decimal(x) + "/s" }

// costTable is the table of one quantity. It has no rows where nothing is known.
func costTable(costs []harness.Cost, title string, unit func(float64) string, of func(harness.Cost) harness.Change) table {
	tab := table{Title: title + ", compared with no tracking", Columns: []column{left("tracker")}}
	var names []string
	var states []harness.TrackerState
	for _, c := range costs {
		if !slices.Contains(names, c.Name) {
			names = append(names, c.Name)
			tab.Columns = append(tab.Columns, right(costColumn(c.Name)))
		}
		if !slices.Contains(states, c.State) {
			states = append(states, c.State)
		}
	}
	if !slices.ContainsFunc(costs, func(c harness.Cost) bool { return of(c).N > 0 }) {
		return tab // the scenario did not look at it
	}
	reference := []string{string(harness.TrackerOff)}
	for _, name := range names {
		i := slices.IndexFunc(costs, func(c harness.Cost) bool { return c.Name == name && of(c).N > 0 })
		if i < 0 {
			reference = append(reference, dash)
			continue
		}
		reference = append(reference, unit(of(costs[i]).Reference))
	}
	tab.add("", reference...)
	for _, state := range states {
		cells := []string{word(string(state))}
		for _, name := range names {
			cells = append(cells, costCell(costs, name, state, of))
		}
		tab.add("", cells...)
	}
	return tab
}

// costColumn is the short name of the settings that a column is about.
func costColumn(name string) string {
	if name == "" {
		return "compared with off"
	}
	return word(strings.TrimPrefix(strings.ReplaceAll(name, "topology.", ""), "proxy.version="))
}

// costCell writes 158 % (140 to 174), n 5.
func costCell(costs []harness.Cost, name string, state harness.TrackerState, of func(harness.Cost) harness.Change) string {
	i := slices.IndexFunc(costs, func(c harness.Cost) bool { return c.Name == name && c.State == state })
	if i < 0 || of(costs[i]).N == 0 {
		return dash
	}
	return changeText(of(costs[i]))
}

// changeText writes a ratio with its interval.
func changeText(c harness.Change) string {
	bare := func(share float64) string { return strings.TrimSuffix(percent(share), " %") }
	return percent(c.Ratio) + " (" + bare(c.Low) + " to " + bare(c.High) + "), n " + count(c.N)
}

// costFacts are the figures of trackers that are up, one per version or other
// setting.
func costFacts(r *harness.Result) []fact {
	var list []fact
	for _, c := range r.Costs {
		if c.State == harness.TrackerUp && c.CPU.N > 0 {
			list = append(list, fact{Figure: percent(c.CPU.Ratio), Label: "of the CPU time without tracking, " + costColumn(c.Name)})
		}
	}
	list, _ = first(list, maxFacts)
	return list
}
