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
		Title:   "What was done to the nodes on purpose",
		Note:    "Times count from the driver's beginning. A fault is over when its node goes on or does its work again; a killed one never does.",
		Columns: []column{left("fault"), left("node"), right("asked at"), right("began"), right("over"), left("trouble")},
	}
	all := trials(r)
	if len(all) > 1 {
		tab.Columns = append([]column{left("trial")}, tab.Columns...)
	}
	for _, ct := range all {
		for _, d := range ct.trial.Disturbances {
			trouble := dash
			if d.Error != "" {
				trouble = word(d.Error)
			}
			cells := []string{word(d.Fault.Do), word(d.Fault.Node), duration(d.Fault.At), duration(d.Began), duration(d.Ended), trouble}
			if len(all) > 1 {
				cells = append([]string{ct.name(r)}, cells...)
			}
			tab.add("", cells...)
		}
	}
	tab.limit(maxTrialRows)
	return tab
}

// addFaults marks on a plot over time when a node was disturbed, up to a height.
func addFaults(p *plot.Plot, played []harness.Disturbance, top float64) {
	for _, d := range played {
		if d.Ended <= 0 { // it was not played
			continue
		}
		from, to := seconds(d.Began), seconds(min(d.Ended, time.Duration(p.X.Max*float64(time.Second))))
		p.Add(band{[]xy{{from, 0}, {to, 0}}, []xy{{from, top}, {to, top}}, veil("bad", 0.12)},
			line{[]xy{{from, 0}, {from, top}}, draw.LineStyle{Color: tone("bad"), Width: 0.8}})
	}
}

// faultNote explains the marks of addFaults, where there are some.
func faultNote(ct cellTrial) string {
	if len(ct.trial.Disturbances) == 0 {
		return ""
	}
	return " Shaded: a node was disturbed on purpose."
}
