package reports

import (
	"maps"
	"math"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/haproof/haproof/harness"
)

// maxDrawn bounds the customers of one plot: more would not stay apart.
const maxDrawn = 60

// customersChart draws what each witness counted for each customer, and under
// it how far each witness is from the client.
func customersChart(r *harness.Result, ct cellTrial) (chart, bool) {
	if ct.trial == nil || !counted(ct.trial) {
		return chart{}, false
	}
	s := spreadOf(ct.trial)
	if len(s.Customers) == 0 || len(s.Witnesses) < 2 {
		return chart{}, false
	}
	message := spreadMessage(s, ct.trial.Absent)
	return chart{
		picture: picture{ID: "customers", Title: message, Desc: "Counts per customer by witness, and the difference of each witness from the client. " + message + ".", Height: 400,
			draw: func(c draw.Canvas, k kit) { drawCustomers(c, k, s) }},
		Text:  customersText(s) + of(ct, r),
		Table: customerTable(s), about: aboutCounts,
	}, true
}

// spreadMessage says in one line whether the witnesses agree, and who is absent.
func spreadMessage(s spread, absent map[string]string) string {
	var sum harness.Tally
	for _, c := range s.Customers {
		sum.Sure, sum.Unsure = sum.Sure+c.client().Sure, sum.Unsure+c.client().Unsure
	}
	missing := ""
	if len(absent) > 0 {
		missing = "; absent: " + joined(labels(slices.Sorted(maps.Keys(absent))), 3)
	}
	if s.Differing > 0 {
		return count(s.Differing) + " of " + plural(len(s.Customers), "customer") + " counted differently: " + plural(s.Gap, "answer") + " off" + missing
	}
	return plural(len(s.Witnesses), "witness") + ", " + plural(len(s.Customers), "customer") + ", " + tally(sum) + " answers: 0 differences" + missing
}

func customersText(s spread) string {
	t := "Customers in order of their count. The marks of all witnesses lie over each other where they agree; the lower row shows what a witness counted more or less than the client."
	if len(s.Customers) > maxDrawn {
		t += " Drawn: " + count(maxDrawn) + " of " + count(len(s.Customers)) + " customers, those that differ first."
	}
	return t
}

func drawCustomers(c draw.Canvas, k kit, s spread) {
	drawn := s.Customers
	if len(drawn) > maxDrawn {
		drawn, _ = first(differingFirst(drawn), maxDrawn)
	}
	upper, lower := k.newPlot(""), k.newPlot("customers, in order of their count")
	for _, p := range []*plot.Plot{upper, lower} {
		p.X.Min, p.X.Max, p.X.Tick.Marker = 0, float64(len(drawn)+1), customerTicks(drawn)
		p.X.Tick.LineStyle.Width = 0
	}
	upper.X.Tick.Marker = plot.ConstantTicks{}
	low, high, widest := math.Inf(1), 0.0, int64(1)
	for _, cu := range drawn {
		for i, t := range cu.Tallies {
			low, high = min(low, float64(t.Sure)), max(high, float64(t.Sure+t.Unsure))
			widest = max(widest, cu.Gaps[i], -cu.Gaps[i])
		}
	}
	if low < high/2 {
		low = 0
	}
	setRange(upper, low, high)
	lower.Y.Min, lower.Y.Max = -1.25*float64(widest), 1.25*float64(widest)
	lower.Y.Tick.Marker = plot.ConstantTicks{{Value: -float64(widest), Label: signed(-widest)}, {Value: 0, Label: "0"}, {Value: float64(widest), Label: signed(widest)}}
	addMarks(upper, lower, k, s, drawn)
	key := draw.Crop(c, 0, 0, c.Max.Y-c.Min.Y-16, 0)
	drawKey(key, k, s.Witnesses)
	k.stack(draw.Crop(c, 0, 0, 0, -26), 0.56, upper, lower, "dynamic answers charged", "difference from the client")
}

// addMarks adds the marks of each witness to the upper panel. The lower one
// gets a dot where all agree, else the mark of each witness that does not, and
// the name of the customer.
func addMarks(upper, lower *plot.Plot, k kit, s spread, drawn []customer) {
	agree := []xy{}
	over, under := sideTags{kit: k, raise: 7, align: text.XCenter}, sideTags{kit: k, raise: -7, align: text.XCenter}
	for x, cu := range drawn {
		at := xy{float64(x + 1), 0}
		if cu.off() == 0 {
			agree = append(agree, at)
		} else if name := (tag{at, clip(cu.Key, 12), "bad"}); len(over.tags)+len(under.tags) < 12 && slices.Min(cu.Gaps) < 0 {
			over.tags = append(over.tags, name) // the mark lies below
		} else if len(over.tags)+len(under.tags) < 12 {
			under.tags = append(under.tags, name)
		}
	}
	lower.Add(marks{agree, dot, "muted"})
	for i := range s.Witnesses {
		var counts, gaps []xy
		for x, cu := range drawn {
			counts = append(counts, xy{float64(x + 1), float64(cu.Tallies[i].Sure)})
			if cu.Gaps[i] != 0 {
				gaps = append(gaps, xy{float64(x + 1), float64(cu.Gaps[i])})
			}
		}
		g := marksOf[i%len(marksOf)]
		upper.Add(marks{counts, g, series[i%len(series)]})
		lower.Add(marks{gaps, g, series[i%len(series)]})
	}
	lower.Add(over, under)
}

func customerTicks(drawn []customer) plot.ConstantTicks {
	var ticks plot.ConstantTicks
	for i, c := range drawn {
		if i == 0 || i == len(drawn)-1 || len(drawn) <= 10 {
			ticks = append(ticks, plot.Tick{Value: float64(i + 1), Label: clip(c.Key, 12)})
		}
	}
	return ticks
}

// drawKey names the marks. They lie over each other, so that they cannot be
// labelled in place.
func drawKey(c draw.Canvas, k kit, witnesses []string) {
	x, sty := c.Min.X+9, k.style("ink", labelSize, text.XLeft, text.YCenter)
	for i, w := range witnesses {
		var path vg.Path
		at := vg.Point{X: x, Y: (c.Min.Y + c.Max.Y) / 2}
		g := marksOf[i%len(marksOf)]
		g.addTo(&path, at)
		g.paint(&c, path, series[i%len(series)])
		c.FillText(sty, at.Add(vg.Point{X: 14}), label(w))
		x += sty.Width(label(w))*fontSlack + 38
	}
}
