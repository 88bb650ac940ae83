package reports

import (
	"math"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/haproof/haproof/harness"
)

// throughputChart draws the sustained rate over an axis, one line per curve.
func throughputChart(r *harness.Result, _ cellTrial) (chart, bool) {
	curves := curvesOf(r)
	if len(curves) == 0 {
		return chart{}, false
	}
	message := throughputMessage(r, curves)
	under := "Each point is the median of its trials, the band its interval. The dashed line is linear scaling from the first point of “" + word(curves[mainCurve(curves)].Name) + "”."
	return chart{
		picture: picture{ID: "throughput", Title: message, Desc: title(ylabel(curves)) + " by " + xlabel(curves) + ". " + message + ".", Height: 370,
			draw: func(c draw.Canvas, k kit) { drawThroughput(c, k, curves) }},
		Text: under, Table: curveTable(r), about: aboutRates, whole: true,
	}, true
}

// throughputMessage says what the curves show in one line, with the interval of
// each figure: a difference within it is none.
func throughputMessage(r *harness.Result, curves []harness.Curve) string {
	c := curves[mainCurve(curves)]
	from, to := c.Points[0], c.Points[len(c.Points)-1]
	message := subject(c.Name)
	share, ok := ofReference(r, curves, c)
	switch {
	case ok && share.low <= 1 && share.high >= 1:
		message += " cannot be told apart from direct throughput: " + share.write(percent)
	case ok:
		message += " sustains " + share.write(percent) + " of direct throughput"
	default:
		message += " sustains " + spanOf(r, c.Name, to).write(decimal) + " requests/s with " + decimal(to.X) + " " + xlabel(curves)
	}
	if g, ok := growth(r, c); ok {
		message += "; " + g.write(times) + " from " + decimal(from.X) + " to " + decimal(to.X) + " " + xlabel(curves)
	}
	return message
}

// subject turns the name of a curve into the subject of a sentence.
func subject(name string) string {
	if strings.Contains(name, "HAProxy") {
		return "HAProxy"
	}
	return title(word(name))
}

// title begins a sentence with a capital.
func title(s string) string {
	if s == "" {
		return s
	}
	r := []rune(s)
	return strings.ToUpper(string(r[0])) + string(r[1:])
}

func drawThroughput(c draw.Canvas, k kit, curves []harness.Curve) {
	p := k.newPlot(xlabel(curves))
	var ticks plot.ConstantTicks
	high, seen := 0.0, map[float64]bool{}
	for _, c := range curves {
		for _, pt := range c.Points {
			high = max(high, pt.High, pt.Median)
			p.X.Max = math.Max(p.X.Max, pt.X)
			if !seen[pt.X] {
				seen[pt.X] = true
				ticks = append(ticks, plot.Tick{Value: pt.X, Label: decimal(pt.X)})
			}
		}
	}
	p.X.Min, p.X.Tick.Marker = 0, ticks
	p.X.Max = max(p.X.Max, 1)
	setRange(p, 0, high)
	labels := endTags{kit: k, tags: []tag{addIdeal(p, curves[mainCurve(curves)])}}
	for i, c := range curves {
		labels.tags = append(labels.tags, addCurve(p, k, c, seriesShade(curves, i)))
	}
	p.Add(labels)
	k.panel(c, p, ylabel(curves), 0, 0)
}

// seriesShade gives the main curve the first shade.
func seriesShade(curves []harness.Curve, i int) string {
	if m := mainCurve(curves); i == m {
		return series[0]
	} else if i < m {
		i++
	}
	return series[i%len(series)]
}

// addIdeal adds the reference of linear scaling, cut off where the axis ends.
func addIdeal(p *plot.Plot, c harness.Curve) tag {
	slope := c.Points[0].Median / c.Points[0].X
	end := xy{p.X.Max, slope * p.X.Max}
	if end.y > p.Y.Max {
		end = xy{p.Y.Max / slope, p.Y.Max}
	}
	p.Add(line{[]xy{{0, 0}, end}, draw.LineStyle{Color: tone("muted"), Width: 0.9, Dashes: []vg.Length{4, 4}}})
	return tag{end, "linear", "muted"}
}

func addCurve(p *plot.Plot, k kit, c harness.Curve, shade string) tag {
	var mid, low, high []xy
	limits := sideTags{kit: k, raise: -9, align: text.XCenter}
	name := clip(c.Name, 30)
	for i, pt := range c.Points {
		mid, low, high = append(mid, xy{pt.X, pt.Median}), append(low, xy{pt.X, pt.Low}), append(high, xy{pt.X, pt.High})
		switch l := clip(limitOf(pt.Bottleneck), 12); {
		case l == "backend" || len(limits.tags) == 4:
		case i == len(c.Points)-1:
			name += ", limit: " + l
		default:
			limits.tags = append(limits.tags, tag{xy{pt.X, pt.Low}, "limit: " + l, "muted"})
		}
	}
	p.Add(band{low, high, veil(shade, 0.16)}, bars{low, high, draw.LineStyle{Color: tone(shade), Width: 1}},
		line{mid, draw.LineStyle{Color: tone(shade), Width: 2}},
		marks{mid, glyph{outline: ngon(16, 0), radius: 3.4, filled: true}, shade}, limits)
	return tag{mid[len(mid)-1], name, shade}
}
