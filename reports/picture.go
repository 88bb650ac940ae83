package reports

import (
	"fmt"
	"io"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
	"gonum.org/v1/plot/vg/vgsvg"
)

// Sizes of plots in points.
const (
	plotWidth  = 760
	titleSize  = 16
	labelSize  = 11.5
	margin     = 14
	lineHeight = 1.3
	pngScale   = 2 // pixels per point, of which an inch has 72
)

// picture is one plot, ready to be drawn on any canvas. Its title is its
// message.
type picture struct {
	ID     string // file name without extension
	Title  string
	Desc   string // what a reader who cannot see it should know
	Height vg.Length
	draw   func(c draw.Canvas, k kit)
}

// kit is what differs between drawing for SVG and for pixels.
type kit struct{ hand text.Handler }

// style is a text style of the house.
func (k kit) style(shade string, size vg.Length, x text.XAlignment, y text.YAlignment) text.Style {
	return text.Style{
		Color: tone(shade), Font: font.Font{Typeface: "Liberation", Variant: "Sans", Size: size},
		XAlign: x, YAlign: y, Handler: k.hand,
	}
}

// writeSVG writes the plot as a file of its own: with its title drawn, its
// ground painted and its own style sheet.
func (p picture) writeSVG(w io.Writer) error {
	_, err := io.WriteString(w, p.svg(true))
	return err
}

// inline returns the plot as part of a page that declares the variables and
// shows the title itself.
func (p picture) inline() string { return p.svg(false) }

func (p picture) svg(alone bool) string {
	k := kit{hand: anchored{text.Plain{Fonts: plot.DefaultTextHandler.Cache()}, true}}
	height := p.Height
	if alone {
		height += p.titleHeight(k)
	}
	canvas := vgsvg.New(plotWidth, height)
	p.paint(draw.New(canvas), k, alone)
	var raw strings.Builder
	_, _ = canvas.WriteTo(&raw) // a strings.Builder takes every write
	return restyle(raw.String(), p, height, alone)
}

// writePNG writes the plot at two pixels per point on light ground.
func (p picture) writePNG(w io.Writer) error {
	k := kit{hand: anchored{text.Plain{Fonts: plot.DefaultTextHandler.Cache()}, false}}
	canvas := vgimg.NewWith(vgimg.UseWH(plotWidth, p.Height+p.titleHeight(k)), vgimg.UseDPI(pngScale*72), vgimg.UseBackgroundColor(tone("paper")))
	p.paint(draw.New(canvas), k, true)
	if _, err := (vgimg.PngCanvas{Canvas: canvas}).WriteTo(w); err != nil {
		return fmt.Errorf("draw %s.png: %w", p.ID, err)
	}
	return nil
}

func (p picture) paint(c draw.Canvas, k kit, alone bool) {
	if alone {
		c.FillPolygon(tone("paper"), corners(c.Rectangle))
		c = draw.Crop(c, margin, -margin, margin, -margin)
		sty := k.style("ink", titleSize, text.XLeft, text.YTop)
		sty.Font.Weight = 3 // bold
		for i, line := range wrap(p.Title, sty, plotWidth-2*margin) {
			c.FillText(sty, vg.Point{X: c.Min.X, Y: c.Max.Y - vg.Length(i)*titleSize*lineHeight}, line)
		}
		c = draw.Crop(c, 0, 0, 0, margin-p.titleHeight(k))
	}
	p.draw(c, k)
}

func (p picture) titleHeight(k kit) vg.Length {
	sty := k.style("ink", titleSize, text.XLeft, text.YTop)
	sty.Font.Weight = 3
	return vg.Length(len(wrap(p.Title, sty, plotWidth-2*margin)))*titleSize*lineHeight + 2*margin
}

// wrap breaks a text into lines of at most the given width.
func wrap(s string, sty text.Style, width vg.Length) []string {
	lines := []string{""}
	for _, w := range strings.Fields(s) {
		last := &lines[len(lines)-1]
		switch next := strings.TrimSpace(*last + " " + w); {
		case *last == "" || sty.Width(next) <= width*0.97: // system fonts may run wider
			*last = next
		default:
			lines = append(lines, w)
		}
	}
	return lines
}

func corners(r vg.Rectangle) []vg.Point {
	return []vg.Point{r.Min, {X: r.Max.X, Y: r.Min.Y}, r.Max, {X: r.Min.X, Y: r.Max.Y}}
}

// air keeps text off the line that it hangs from.
const air = 2.5

// anchored places text by its anchor instead of by its measured width, so that
// alignment survives when a browser uses another font than the one measured.
type anchored struct {
	text.Plain
	svg bool
}

// Draw implements text.Handler for single lines without rotation.
func (h anchored) Draw(c vg.Canvas, txt string, sty text.Style, pt vg.Point) {
	face := h.Fonts.Lookup(sty.Font, sty.Font.Size)
	ext := face.Extents()
	pt.Y += (ext.Ascent+ext.Descent)*vg.Length(sty.YAlign) + ext.Descent
	if sty.YAlign == text.YTop {
		pt.Y -= air
	}
	c.SetColor(sty.Color)
	if h.svg {
		c.FillString(face, pt, anchorMark(sty.XAlign)+txt)
		return
	}
	pt.X += face.Width(txt) * vg.Length(sty.XAlign)
	c.FillString(face, pt, txt)
}
