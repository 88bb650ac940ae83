package reports

import (
	"math"
	"strings"

	"github.com/haproof/haproof/harness"
)

// Caps of what is shown of curves.
const (
	maxCurves = 6
	maxPoints = 20
)

// rateTable is the table of rates: the points of the curves where the run has
// curves, else one row per cell.
func rateTable(r *harness.Result) table {
	if len(r.Curves) > 0 {
		return curveTable(r)
	}
	return cellTable(r)
}

func curveTable(r *harness.Result) table {
	curves := curvesOf(r)
	direct := directCurve(curves)
	tab := table{
		Title: title(ylabel(curves)) + " by " + xlabel(curves),
		Note:  "Median over n trials with its interval. Efficiency: share of linear scaling from the curve's first point. Limit: what held the rate there.",
		Columns: []column{left("route"), right(xlabel(curves)), right("req/s"), right("interval"), right("n"),
			right("efficiency")},
	}
	if direct >= 0 {
		tab.Columns = append(tab.Columns, right("of direct"))
	}
	tab.Columns = append(tab.Columns, left("limit"))
	for i, c := range curves {
		for _, p := range c.Points {
			cells := []string{word(c.Name), decimal(p.X), decimal(p.Median), decimal(p.Low) + " to " + decimal(p.High), count(p.N), percent(efficiency(c, p))}
			if direct >= 0 {
				cells = append(cells, ofDirect(curves, i, direct, p))
			}
			tab.add("", append(cells, limitOf(p.Bottleneck))...)
		}
	}
	tab.limit(maxTrialRows)
	return tab
}

// efficiency is the point's share of linear scaling from the first point.
func efficiency(c harness.Curve, p harness.CurvePoint) float64 {
	from := c.Points[0]
	return p.Median / (from.Median / from.X * p.X)
}

func ofDirect(curves []harness.Curve, i, direct int, p harness.CurvePoint) string {
	if share := shareOf(curves[direct], p); i != direct && !math.IsNaN(share) {
		return percent(share)
	}
	return dash
}

// shareOf is the point's share of the reference at the same place, NaN where
// the reference has none.
func shareOf(reference harness.Curve, p harness.CurvePoint) float64 {
	for _, q := range reference.Points {
		if q.X == p.X && q.Median > 0 {
			return p.Median / q.Median
		}
	}
	return math.NaN()
}

// curvesOf returns the curves that have points, capped.
func curvesOf(r *harness.Result) []harness.Curve {
	var curves []harness.Curve
	for _, c := range r.Curves {
		c.Points, _ = first(c.Points, maxPoints)
		if len(c.Points) > 0 && len(curves) < maxCurves {
			curves = append(curves, c)
		}
	}
	return curves
}

// directCurve finds the reference without a proxy among several curves; -1
// where there is none.
func directCurve(curves []harness.Curve) int {
	for i, c := range curves {
		if len(curves) > 1 && strings.HasPrefix(c.Name, harness.DirectCurve) {
			return i
		}
	}
	return -1
}

func xlabel(curves []harness.Curve) string {
	if len(curves) == 0 || curves[0].XLabel == "" {
		return "x"
	}
	return word(curves[0].XLabel)
}

func ylabel(curves []harness.Curve) string {
	if len(curves) == 0 || curves[0].YLabel == "" {
		return "requests/s"
	}
	return word(curves[0].YLabel)
}

func limitOf(bottleneck string) string {
	if bottleneck == "" {
		return "unknown"
	}
	return word(bottleneck)
}

func cellTable(r *harness.Result) table {
	tab := table{
		Title: "What was offered and answered",
		Note:  "Attempts are summed over n trials, rates are medians over them. Offered: what the schedule wanted. Limit: what held the rate.",
		Columns: []column{right("n"), right("attempts"), right("answered"), right("failed"), right("unclear"),
			right("offered req/s"), right("achieved req/s"), left("limit")},
	}
	if len(r.Cells) > 1 {
		tab.Columns = append([]column{left("cell")}, tab.Columns...)
	}
	for i := range r.Cells {
		cells := totals(&r.Cells[i])
		if len(r.Cells) > 1 {
			cells = append([]string{word(r.Cells[i].Cell.Name)}, cells...)
		}
		tab.add("", cells...)
	}
	tab.limit(maxTrialRows)
	return tab
}

// totals sums the attempts of a cell up and takes the medians of its rates.
func totals(cell *harness.CellResult) []string {
	var sum harness.Summary
	var offered, achieved []float64
	var limits []string
	for i := range cell.Trials {
		s := &cell.Trials[i].Summary
		sum.Attempts += s.Attempts
		sum.OK += s.OK
		sum.Failed += s.Failed
		sum.Indeterminate += s.Indeterminate
		offered, achieved = append(offered, s.OfferedRPS), append(achieved, s.AchievedRPS)
		limits = append(limits, cell.Trials[i].Bottleneck)
	}
	return []string{count(len(cell.Trials)), count(sum.Attempts), count(sum.OK), count(sum.Failed), count(sum.Indeterminate),
		decimal(median(offered)), decimal(median(achieved)), limitOf(commonest(limits))}
}
