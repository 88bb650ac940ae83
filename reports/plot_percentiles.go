package reports

import (
	"math"
	"time"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg/draw"

	"github.com/haproof/haproof/harness"
)

// percentilesChart draws the response time over its quantile, on an axis that
// gives each further nine the same room.
func percentilesChart(r *harness.Result, ct cellTrial) (chart, bool) {
	if ct.trial == nil || ct.trial.Summary.Response.N == 0 || searching(r) {
		return chart{}, false
	}
	s := &ct.trial.Summary
	message := percentilesMessage(s)
	return chart{
		picture: picture{ID: "percentiles", Title: message, Desc: "Response time by quantile, corrected and uncorrected. " + message + ".", Height: 300,
			draw: func(c draw.Canvas, k kit) { drawPercentiles(c, k, s) }},
		Text:  "Each step to the right adds a nine. Where the two lines part, the generator or a full queue made attempts wait before they were sent; only the corrected line counts that wait." + of(ct, r),
		Table: trialLatencies(ct.trial), about: aboutLatency, whole: len(trials(r)) == 1,
	}, true
}

// percentilesMessage claims no more than there is: of fewer than 100 attempts the
// slowest stands for all of them, and what got no answer is not called one.
func percentilesMessage(s *harness.Summary) string {
	what := "answers came within "
	if s.OK < s.Attempts {
		what = "attempts ended, answered or not, within "
	}
	share, response, service := "99 % of ", s.Response.P99, s.Service.P99
	if s.Response.N < 100 {
		share, response, service = "All "+count(s.Response.N)+" ", s.Response.Max, s.Service.Max
	}
	message := share + what + duration(response) + " of the time they were due"
	if response != service && s.Service.N > 0 {
		message += "; " + duration(service) + " without the wait to be sent"
	}
	if missing := s.Attempts - s.OK; s.OK < s.Attempts {
		message += "; " + count(missing) + " without a clear answer"
	}
	return message
}

func trialLatencies(t *harness.TrialResult) table {
	tab := table{Columns: []column{left("time"), right("n"), right("p50"), right("p90"), right("p99"), right("p99.9"), right("max")}}
	addQuantiles(&tab, nil, "response, corrected", t.Summary.Response)
	addQuantiles(&tab, nil, "service, uncorrected", t.Summary.Service)
	addQuantiles(&tab, nil, "lag of the generator", t.Summary.Lag)
	return tab
}

// nines is where a quantile lies on the axis: 0.9 at 1, 0.99 at 2.
func nines(q float64) float64 { return -math.Log10(1 - q) }

// spectrum returns the points of a distribution on the axis of nines, up to
// the maximum, which stands at the quantile of the last attempt.
func spectrum(q harness.Quantiles) []xy {
	end := math.Log10(float64(max(q.N, 2)))
	points := q.Spectrum
	if len(points) == 0 {
		points = []harness.SpectrumPoint{{Quantile: 0.5, Value: q.P50}, {Quantile: 0.9, Value: q.P90}, {Quantile: 0.99, Value: q.P99}, {Quantile: 0.999, Value: q.P999}}
	}
	points, _ = first(points, 400)
	list := []xy{{0, millis(q.Min)}}
	for _, p := range points {
		if x := nines(p.Quantile); p.Quantile > 0 && p.Quantile < 1 && x < end {
			list = append(list, xy{x, millis(p.Value)})
		}
	}
	return append(list, xy{end, millis(q.Max)})
}

func drawPercentiles(c draw.Canvas, k kit, s *harness.Summary) {
	p := k.newPlot("quantile of answers")
	response, service := spectrum(s.Response), spectrum(s.Service)
	p.X.Min, p.X.Max = 0, response[len(response)-1].x
	p.X.Tick.Marker = nineTicks(p.X.Max)
	labels := endTags{kit: k}
	if s.Service.N > 0 {
		p.Add(line{service, draw.LineStyle{Color: tone("s2"), Width: 1.6}})
		labels.tags = append(labels.tags, tag{service[len(service)-1], "service, uncorrected", "s2"})
	}
	p.Add(line{response, draw.LineStyle{Color: tone("s1"), Width: 2}})
	labels.tags = append(labels.tags, tag{response[len(response)-1], "response, corrected", "s1"})
	at := xy{nines(0.99), millis(s.Response.P99)}
	p.Add(marks{[]xy{at}, glyph{outline: ngon(16, 0), radius: 3.6, filled: true}, "s1"},
		sideTags{k, []tag{{at, "p99 " + duration(s.Response.P99) + "  ", "ink"}}, 3, text.XRight}, labels)
	setRange(p, 0, millis(max(s.Response.Max, s.Service.Max, time.Microsecond)))
	k.panel(c, p, "milliseconds", 0, 0)
}

// nineTicks labels 0 %, 50 %, 90 %, 99 % and so on as far as the axis reaches.
func nineTicks(end float64) plot.ConstantTicks {
	ticks := plot.ConstantTicks{{Value: 0, Label: "0 %"}, {Value: nines(0.5), Label: "50 %"}}
	for i, label := range []string{"90 %", "99 %", "99.9 %", "99.99 %", "99.999 %", "99.9999 %"} {
		if float64(i+1) <= end {
			ticks = append(ticks, plot.Tick{Value: float64(i + 1), Label: label})
		}
	}
	return ticks
}
