package reports

import (
	"math"
	"time"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// leftSlack is room for tick labels in a font that runs wider than measured.
const leftSlack = 6

// newPlot returns an empty plot in the house style: no frame, thin horizontal
// grid, labels in muted ink.
func (k kit) newPlot(xlabel string) *plot.Plot {
	p := plot.New()
	p.BackgroundColor = nil
	p.TextHandler = k.hand
	p.X.Label.Text = xlabel
	p.X.Label.TextStyle = k.style("muted", labelSize, text.XCenter, text.YBottom)
	p.X.Label.Padding = 4
	p.X.Tick.Label = k.style("muted", labelSize, text.XCenter, text.YTop)
	p.Y.Tick.Label = k.style("muted", labelSize, text.XRight, -0.68) // lower than the middle: gonum raises it by the descent
	p.Y.Label.TextStyle = p.X.Label.TextStyle
	p.X.LineStyle = draw.LineStyle{Color: tone("muted"), Width: 0.8}
	p.X.Tick.LineStyle = p.X.LineStyle
	p.X.Tick.Length, p.Y.Tick.Length = 4, 0
	p.Y.LineStyle.Width, p.Y.Tick.LineStyle.Width = 0, 0
	p.X.Padding, p.Y.Padding = 0, 8
	p.Title.TextStyle = p.X.Label.TextStyle
	p.Add(gridlines{})
	return p
}

// panel draws a plot with the label of its y axis written above it, moved in by
// left and right.
func (k kit) panel(c draw.Canvas, p *plot.Plot, ylabel string, left, right vg.Length) {
	c.FillText(k.style("muted", labelSize, text.XLeft, text.YTop), vg.Point{X: c.Min.X, Y: c.Max.Y}, ylabel)
	p.Draw(draw.Crop(c, leftSlack+left, right, 0, -22))
}

// stack draws two plots above each other with their data aligned; upper is the
// fraction of the height that the first one gets.
func (k kit) stack(c draw.Canvas, upper float64, p, q *plot.Plot, pLabel, qLabel string) {
	height := c.Max.Y - c.Min.Y
	cut := vg.Length(upper) * height
	a, b := draw.Crop(c, 0, 0, height-cut, 0), draw.Crop(c, 0, 0, 0, -cut-14)
	da, db := p.DataCanvas(a), q.DataCanvas(b)
	left, right := max(da.Min.X, db.Min.X), min(da.Max.X, db.Max.X)
	k.panel(a, p, pLabel, left-da.Min.X, right-da.Max.X)
	k.panel(b, q, qLabel, left-db.Min.X, right-db.Max.X)
}

// gridlines draws a thin line at each labelled tick of the y axis.
type gridlines struct{}

// Plot implements plot.Plotter.
func (gridlines) Plot(c draw.Canvas, p *plot.Plot) {
	_, y := p.Transforms(&c)
	for _, t := range p.Y.Tick.Marker.Ticks(p.Y.Min, p.Y.Max) {
		if t.Label != "" {
			c.StrokeLine2(draw.LineStyle{Color: tone("grid"), Width: 0.8}, c.Min.X, y(t.Value), c.Max.X, y(t.Value))
		}
	}
}

// niceTicks labels about five round values; the first is at most low, the last
// at least high.
func niceTicks(low, high float64) plot.ConstantTicks {
	if !(high > low) || math.IsInf(high, 0) {
		high = low + 1
	}
	step := math.Pow(10, math.Floor(math.Log10((high-low)/4)))
	for _, m := range []float64{2, 2.5, 2} { // 1, 2, 5, 10
		if (high-low)/step > 5 {
			step *= m
		}
	}
	var ticks plot.ConstantTicks
	for i := math.Floor(low / step); len(ticks) < 12; i++ {
		ticks = append(ticks, plot.Tick{Value: i * step, Label: decimal(i * step)})
		if i*step >= high {
			break
		}
	}
	return ticks
}

// seconds is a time on an axis.
func seconds(d time.Duration) float64 { return d.Seconds() }

// millis is a response time on an axis.
func millis(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// setRange gives the y axis round ticks and lets it begin and end on them.
func setRange(p *plot.Plot, low, high float64) {
	ticks := niceTicks(low, high)
	p.Y.Min, p.Y.Max, p.Y.Tick.Marker = ticks[0].Value, ticks[len(ticks)-1].Value, ticks
}
