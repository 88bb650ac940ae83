package reports

import (
	"time"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg/draw"

	"github.com/haproof/haproof/harness"
)

// faultTable lists what was done to nodes on purpose, as it was played.
func faultTable(r *harness.Result) table {
	tab := table{
		Title: "What was done to the nodes on purpose",
		Note: "Times count from the driver's beginning. A fault is over when its node goes on or does its work again; a killed one never does. " +
			"Whole: how long after that the lab worked as before. Settled: how long after the last attempt nobody had anything left to say.",
		Columns: []column{left("fault"), left("node"), right("asked at"), right("began"), right("over"), right("whole"), right("settled"), left("trouble")},
	}
	all := trials(r)
	if len(all) > 1 {
		tab.Columns = append([]column{left("trial")}, tab.Columns...)
	}
	for _, ct := range all {
		for _, d := range ct.trial.Disturbances {
			cells := append(faultCells(d), settled(ct.trial), orDash(word(d.Error)))
			if len(all) > 1 {
				cells = append([]string{ct.name(r)}, cells...)
			}
			tab.add("", cells...)
		}
	}
	tab.limit(maxTrialRows)
	return tab
}

// faultCells says what was done, to whom and when.
func faultCells(d harness.Disturbance) []string {
	do, whole := word(d.Fault.Do), dash
	if d.Sham {
		do += " (sham)"
	}
	if d.Whole > d.Ended {
		whole = duration(d.Whole - d.Ended)
	}
	began, ended := dash, dash
	if d.Error == "" || d.Ended != 0 { // else it was not played
		began, ended = duration(d.Began), duration(d.Ended)
	}
	return []string{do, word(d.Fault.Node), duration(d.Fault.At), began, ended, whole}
}

// settled says how long the lab took to come to rest.
func settled(t *harness.TrialResult) string {
	if !t.Settlement.Settled {
		return dash
	}
	return duration(t.Settlement.Took)
}

func orDash(s string) string {
	if s == "" {
		return dash
	}
	return s
}

// addFaults marks on a plot over time when a node was disturbed, up to a height.
func addFaults(p *plot.Plot, played []harness.Disturbance, top float64) {
	played, _ = first(played, harness.MaxPhases)
	for _, d := range played {
		if d.Ended <= 0 || d.Sham { // it was not played, or before the driver, or nothing was done
			continue
		}
		from, to := seconds(max(d.Began, 0)), seconds(min(max(d.Ended, d.Whole), time.Duration(p.X.Max*float64(time.Second))))
		p.Add(band{[]xy{{from, 0}, {to, 0}}, []xy{{from, top}, {to, top}}, veil("bad", 0.12)},
			line{[]xy{{from, 0}, {from, top}}, draw.LineStyle{Color: tone("bad"), Width: 0.8}})
	}
}

// faultNote explains the marks of addFaults, where there are some.
func faultNote(ct cellTrial) string {
	if len(ct.trial.Disturbances) == 0 {
		return ""
	}
	return " Shaded: a node was disturbed on purpose, until the lab was whole again."
}
