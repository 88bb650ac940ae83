package reports

import (
	"math"
	"slices"
	"time"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg/draw"

	"github.com/haproof/haproof/harness"
)

// Bounds of the slices of time.
const (
	maxMoments   = 300 // that are read
	drawnMoments = 150 // that are drawn
	listedTimes  = 12  // that are listed
)

// courseChart draws the rate and the response time over the time of one trial.
func courseChart(r *harness.Result, ct cellTrial) (chart, bool) {
	if ct.trial == nil {
		return chart{}, false
	}
	moments, _ := first(ct.trial.Summary.Series, maxMoments)
	if len(moments) < 2 {
		return chart{}, false
	}
	message := courseMessage(r, moments)
	return chart{
		picture: picture{ID: "course", Title: message, Desc: "Rate and p99 response time over the time of one trial. " + message + ".", Height: 380,
			draw: func(c draw.Canvas, k kit) { drawCourse(c, k, merged(moments, drawnMoments)) }},
		Text:  "Attempts are counted in the slice of time in which they ended." + of(ct, r),
		Table: courseTable(moments), about: aboutLatency,
	}, true
}

// courseMessage says in one line how steady the trial was.
func courseMessage(r *harness.Result, moments []harness.Moment) string {
	var rates []float64
	var errors uint64
	var worst time.Duration
	for _, m := range moments {
		rates = append(rates, rateOf(m))
		errors += m.Errors
		worst = max(worst, m.P99)
	}
	message := "Half of the time at least " + decimal(median(rates)) + " requests/s; p99 never above " + duration(worst)
	if searching(r) {
		top := 0.0
		for _, x := range rates {
			top = max(top, x)
		}
		message = "The search climbed to " + decimal(top) + " requests/s; p99 reached " + duration(worst)
	}
	if errors > 0 {
		message += "; " + plural(errors, "error")
	}
	return message
}

func rateOf(m harness.Moment) float64 {
	if m.Length <= 0 {
		return math.NaN()
	}
	return float64(m.Done) / m.Length.Seconds()
}

// merged puts neighbouring slices together until at most limit are left. The
// quantiles of a merged slice are the worst of its parts: quantiles do not add
// up.
func merged(moments []harness.Moment, limit int) []harness.Moment {
	size := (len(moments) + limit - 1) / limit
	var list []harness.Moment
	for group := range slices.Chunk(moments, size) {
		sum := harness.Moment{At: group[0].At}
		for _, m := range group {
			sum.Done, sum.Errors, sum.Length = sum.Done+m.Done, sum.Errors+m.Errors, sum.Length+m.Length
			sum.P50, sum.P99 = max(sum.P50, m.P50), max(sum.P99, m.P99)
		}
		list = append(list, sum)
	}
	return list
}

func courseTable(moments []harness.Moment) table {
	tab := table{Columns: []column{right("from"), right("ended"), right("errors"), right("req/s"), right("worst p99")}}
	for _, m := range merged(moments, listedTimes) {
		tab.add("", decimal(m.At.Seconds())+" s", count(m.Done), count(m.Errors), decimal(rateOf(m)), duration(m.P99))
	}
	return tab
}

func drawCourse(c draw.Canvas, k kit, moments []harness.Moment) {
	rate, p50, p99, errors := courseLines(moments)
	last := moments[len(moments)-1]
	upper, lower := k.newPlot(""), k.newPlot("seconds since the trial began")
	for _, p := range []*plot.Plot{upper, lower} {
		ticks := niceTicks(0, seconds(last.At+last.Length))
		p.X.Min, p.X.Max, p.X.Tick.Marker = 0, seconds(last.At+last.Length), within(ticks, seconds(last.At+last.Length))
	}
	upper.Add(line{rate, draw.LineStyle{Color: tone("s1"), Width: 1.6}}, endTags{k, []tag{{rate[len(rate)-1], "ended", "s1"}}})
	if len(errors) > 0 {
		upper.Add(marks{errors, glyph{outline: ngon(3, math.Pi/2), radius: 4, filled: true}, "bad"}, endTags{k, []tag{{errors[len(errors)-1], "▲ errors", "bad"}}})
	}
	lower.Add(band{p50, p99, veil("s2", 0.14)}, line{p99, draw.LineStyle{Color: tone("s2"), Width: 1.6}},
		endTags{k, []tag{{p50[len(p50)-1], "p50", "s2"}, {p99[len(p99)-1], "p99", "s2"}}})
	setRange(upper, 0, highest(rate, errors))
	setRange(lower, 0, highest(p99, p50))
	k.stack(c, 0.5, upper, lower, "requests/s", "response time in milliseconds, corrected")
}

// courseLines turns slices of time into points, each in the middle of its slice.
func courseLines(moments []harness.Moment) (rate, p50, p99, errors []xy) {
	for _, m := range moments {
		x := seconds(m.At + m.Length/2)
		rate = append(rate, xy{x, rateOf(m)})
		p50, p99 = append(p50, xy{x, millis(m.P50)}), append(p99, xy{x, millis(m.P99)})
		if m.Errors > 0 && m.Length > 0 {
			errors = append(errors, xy{x, float64(m.Errors) / m.Length.Seconds()})
		}
	}
	return rate, p50, p99, errors
}

// within keeps the ticks that lie on the axis.
func within(ticks plot.ConstantTicks, end float64) plot.ConstantTicks {
	var kept plot.ConstantTicks
	for _, t := range ticks {
		if t.Value <= end {
			kept = append(kept, t)
		}
	}
	return kept
}

// highest returns the largest value of several lines.
func highest(lines ...[]xy) float64 {
	high := 0.0
	for _, l := range lines {
		for _, pt := range l {
			if pt.y > high {
				high = pt.y
			}
		}
	}
	return high
}
