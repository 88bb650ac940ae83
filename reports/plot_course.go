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
			draw: func(c draw.Canvas, k kit) { drawCourse(c, k, merged(moments, drawnMoments), ct.trial.Disturbances) }},
		Text:  "Attempts are counted in the slice of time in which they ended." + faultNote(ct) + of(ct, r),
		Table: courseTable(moments), about: aboutLatency,
	}, true
}

// courseMessage says in one line how steady the trial was.
func courseMessage(r *harness.Result, moments []harness.Moment) string {
	var rates []float64
	var errors, denied uint64
	var worst time.Duration
	for _, m := range moments {
		rates = append(rates, rateOf(m))
		errors += m.Errors
		denied += m.Denied
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
	if denied > 0 {
		message += "; " + count(denied) + " denied"
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
			sum.Done, sum.Errors, sum.Denied, sum.Length = sum.Done+m.Done, sum.Errors+m.Errors, sum.Denied+m.Denied, sum.Length+m.Length
			sum.P50, sum.P99 = max(sum.P50, m.P50), max(sum.P99, m.P99)
		}
		list = append(list, sum)
	}
	return list
}

// courseTable has a column of denied attempts only if there are some.
func courseTable(moments []harness.Moment) table {
	limited := slices.ContainsFunc(moments, func(m harness.Moment) bool { return m.Denied > 0 })
	tab := table{Columns: []column{right("from"), right("ended"), right("errors"), right("req/s"), right("worst p99")}}
	if limited {
		tab.Columns = slices.Insert(tab.Columns, 2, right("denied"))
	}
	for _, m := range merged(moments, listedTimes) {
		cells := []string{decimal(m.At.Seconds()) + " s", count(m.Done), count(m.Errors), decimal(rateOf(m)), duration(m.P99)}
		if limited {
			cells = slices.Insert(cells, 2, count(m.Denied))
		}
		tab.add("", cells...)
	}
	return tab
}

func drawCourse(c draw.Canvas, k kit, moments []harness.Moment, played []harness.Disturbance) {
	lines := courseLines(moments)
	last := moments[len(moments)-1]
	upper, lower := k.newPlot(""), k.newPlot("seconds since the trial began")
	for _, p := range []*plot.Plot{upper, lower} {
		ticks := niceTicks(0, seconds(last.At+last.Length))
		p.X.Min, p.X.Max, p.X.Tick.Marker = 0, seconds(last.At+last.Length), within(ticks, seconds(last.At+last.Length))
	}
	addFaults(upper, played, highest(lines.rate, lines.errors))
	addFaults(lower, played, highest(lines.p99, lines.p50))
	lines.drawRates(upper, k)
	lower.Add(band{lines.p50, lines.p99, veil("s2", 0.14)}, line{lines.p99, draw.LineStyle{Color: tone("s2"), Width: 1.6}},
		endTags{k, []tag{{end(lines.p50), "p50", "s2"}, {end(lines.p99), "p99", "s2"}}})
	setRange(upper, 0, highest(lines.rate, lines.errors))
	setRange(lower, 0, highest(lines.p99, lines.p50))
	k.stack(c, 0.5, upper, lower, "requests/s", "response time in milliseconds, corrected")
}

// course is what is drawn over time, each point in the middle of its slice.
type course struct{ rate, denied, errors, p50, p99 []xy }

// courseLines turns slices of time into points. Denied attempts have a line only
// if there are some, errors have points where there are some.
func courseLines(moments []harness.Moment) course {
	var lines course
	limited := slices.ContainsFunc(moments, func(m harness.Moment) bool { return m.Denied > 0 })
	for _, m := range moments {
		x := seconds(m.At + m.Length/2)
		lines.rate = append(lines.rate, xy{x, rateOf(m)})
		lines.p50, lines.p99 = append(lines.p50, xy{x, millis(m.P50)}), append(lines.p99, xy{x, millis(m.P99)})
		if m.Errors > 0 && m.Length > 0 {
			lines.errors = append(lines.errors, xy{x, float64(m.Errors) / m.Length.Seconds()})
		}
		if limited && m.Length > 0 {
			lines.denied = append(lines.denied, xy{x, float64(m.Denied) / m.Length.Seconds()})
		}
	}
	return lines
}

// drawRates draws what ended, and of that what was denied and what went wrong.
func (lines course) drawRates(p *plot.Plot, k kit) {
	p.Add(line{lines.rate, draw.LineStyle{Color: tone("s1"), Width: 1.6}})
	tags := []tag{{end(lines.rate), "ended", "s1"}}
	if len(lines.denied) > 0 {
		p.Add(line{lines.denied, draw.LineStyle{Color: tone("s4"), Width: 1.6}})
		tags = append(tags, tag{end(lines.denied), "denied", "s4"})
	}
	if len(lines.errors) > 0 {
		p.Add(marks{lines.errors, glyph{outline: ngon(3, math.Pi/2), radius: 4, filled: true}, "bad"})
		tags = append(tags, tag{end(lines.errors), "▲ errors", "bad"})
	}
	p.Add(endTags{k, tags})
}

func end(points []xy) xy { return points[len(points)-1] }

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
