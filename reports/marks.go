package reports

import (
	"image/color"
	"math"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// xy is one point of data.
type xy struct{ x, y float64 }

// line is a curve through points. Points that are no numbers break it.
type line struct {
	points []xy
	style  draw.LineStyle
}

// Plot implements plot.Plotter.
func (l line) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	var run []vg.Point
	for _, pt := range l.points {
		if math.IsNaN(pt.y) {
			c.StrokeLines(l.style, run)
			run = nil
			continue
		}
		run = append(run, vg.Point{X: x(pt.x), Y: y(pt.y)})
	}
	c.StrokeLines(l.style, run)
}

// band is the area between two curves over the same x.
type band struct {
	low, high []xy
	fill      color.Color
}

// Plot implements plot.Plotter.
func (b band) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	var outline []vg.Point
	for _, pt := range b.high {
		outline = append(outline, vg.Point{X: x(pt.x), Y: y(pt.y)})
	}
	for _, pt := range slices.Backward(b.low) {
		outline = append(outline, vg.Point{X: x(pt.x), Y: y(pt.y)})
	}
	if len(outline) > 2 {
		c.FillPolygon(b.fill, outline)
	}
}

// bars are error bars: one vertical stroke with short ends per point.
type bars struct {
	low, high []xy
	style     draw.LineStyle
}

// Plot implements plot.Plotter.
func (b bars) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	for i, pt := range b.low {
		at, lo, hi := x(pt.x), y(pt.y), y(b.high[i].y)
		c.StrokeLine2(b.style, at, lo, at, hi)
		c.StrokeLine2(b.style, at-3, lo, at+3, lo)
		c.StrokeLine2(b.style, at-3, hi, at+3, hi)
	}
}

// glyph is the outline of a mark around the origin, at radius 1.
type glyph struct {
	outline []vg.Point
	radius  vg.Length
	filled  bool
	open    bool // two strokes instead of an outline
}

// The marks of witnesses. Laid over each other they form one target; a witness
// that disagrees leaves it.
var (
	dot     = glyph{outline: ngon(6, 0), radius: 2.2, filled: true}
	ring    = glyph{outline: ngon(10, 0), radius: 3.6}
	square  = glyph{outline: ngon(4, math.Pi/4), radius: 6.6}
	diamond = glyph{outline: ngon(4, 0), radius: 6.6}
	cross   = glyph{outline: ngon(4, 0), radius: 8.2, open: true}
)

// marksOf are the marks of the witnesses in their order.
var marksOf = []glyph{dot, ring, diamond, square, cross}

func ngon(n int, turn float64) []vg.Point {
	points := make([]vg.Point, n)
	for i := range points {
		sin, cos := math.Sincos(turn + 2*math.Pi*float64(i)/float64(n))
		points[i] = vg.Point{X: vg.Length(cos), Y: vg.Length(sin)}
	}
	return points
}

// addTo appends the glyph at a place to a path.
func (g glyph) addTo(path *vg.Path, at vg.Point) {
	if g.open {
		path.Move(at.Add(g.outline[0].Scale(g.radius)))
		path.Line(at.Add(g.outline[2].Scale(g.radius)))
		path.Move(at.Add(g.outline[1].Scale(g.radius)))
		path.Line(at.Add(g.outline[3].Scale(g.radius)))
		return
	}
	for i, o := range g.outline {
		if pt := at.Add(o.Scale(g.radius)); i == 0 {
			path.Move(pt)
		} else {
			path.Line(pt)
		}
	}
	path.Close()
}

// paint draws a path of glyphs.
func (g glyph) paint(c *draw.Canvas, path vg.Path, shade string) {
	if g.filled {
		c.SetColor(tone(shade))
		c.Fill(path)
		return
	}
	c.SetLineStyle(draw.LineStyle{Color: tone(shade), Width: 1.1})
	c.Stroke(path)
}

// marks draws one glyph at each point, as a single path to keep files small.
type marks struct {
	points []xy
	glyph  glyph
	shade  string
}

// Plot implements plot.Plotter.
func (m marks) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	var path vg.Path
	for _, pt := range m.points {
		m.glyph.addTo(&path, vg.Point{X: x(pt.x), Y: y(pt.y)})
	}
	if len(path) > 0 {
		m.glyph.paint(&c, path, m.shade)
	}
}

// fontSlack is how much wider than measured a reader's font may run.
const fontSlack = 1.16

// tag is a direct label: text beside a point of data.
type tag struct {
	at    xy
	text  string
	shade string
}

// endTags label lines at their ends, to the right of the data, moved apart
// where they would overlap.
type endTags struct {
	kit  kit
	tags []tag
}

// GlyphBoxes reserves the room that the labels need.
func (e endTags) GlyphBoxes(p *plot.Plot) []plot.GlyphBox {
	var boxes []plot.GlyphBox
	for _, t := range e.tags {
		width := e.style(t).Width(t.text)*fontSlack + 8
		boxes = append(boxes, plot.GlyphBox{X: 1, Y: min(1, max(0, p.Y.Norm(t.at.y))), Rectangle: vg.Rectangle{Max: vg.Point{X: width}}})
	}
	return boxes
}

// Plot implements plot.Plotter.
func (e endTags) Plot(c draw.Canvas, p *plot.Plot) {
	_, y := p.Transforms(&c)
	sorted := slices.Clone(e.tags)
	slices.SortStableFunc(sorted, func(a, b tag) int {
		switch {
		case a.at.y < b.at.y:
			return -1
		case a.at.y > b.at.y:
			return 1
		}
		return 0
	})
	below := c.Min.Y - 100
	for _, t := range sorted {
		at := max(y(t.at.y), below+labelSize*1.25)
		below = at
		c.FillText(e.style(t), vg.Point{X: c.Max.X + 8, Y: at}, t.text)
	}
}

func (e endTags) style(t tag) text.Style {
	return e.kit.style(t.shade, labelSize, text.XLeft, text.YCenter)
}

// sideTags label single points: above them, or below with a negative raise.
type sideTags struct {
	kit   kit
	tags  []tag
	raise vg.Length // distance from the point
	align text.XAlignment
}

// Plot implements plot.Plotter.
func (s sideTags) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	for _, t := range s.tags {
		y0 := text.YBottom
		if s.raise < 0 {
			y0 = text.YTop
		}
		c.FillText(s.kit.style(t.shade, labelSize, s.align, y0), vg.Point{X: x(t.at.x), Y: y(t.at.y) + s.raise}, t.text)
	}
}
