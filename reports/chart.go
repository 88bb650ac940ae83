package reports

import "github.com/haproof/haproof/harness"

// chart is a plot with what stands under it: a text and a table that say the
// same for who cannot or will not read the plot.
type chart struct {
	picture
	Text  string
	Table table
	about topic
	whole bool // the table is the whole section of its topic
}

// charts draws what a result has data for: throughput over an axis, response
// times, the course of time and the counts of customers.
func charts(r *harness.Result) []chart {
	var list []chart
	ct := shown(r)
	for _, build := range []func(*harness.Result, cellTrial) (chart, bool){throughputChart, customersChart, percentilesChart, courseChart} {
		if c, ok := build(r, ct); ok {
			list = append(list, c)
		}
	}
	return list
}

// of appends the name of the trial to a text, where there are several.
func of(ct cellTrial, r *harness.Result) string {
	if name := ct.name(r); name != "" {
		return " Shown: " + name + "."
	}
	return ""
}
