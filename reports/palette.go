package reports

import (
	"fmt"
	"image/color"
)

// shade is one colour role of a plot: how it looks on light ground, on dark
// ground, and the CSS variable that carries it.
type shade struct {
	name        string
	light, dark uint32
}

// The shades of all plots. Series colours differ in lightness as well as hue,
// so that they stay apart for colour-blind readers and in grey print.
var palette = []shade{
	{"paper", 0xffffff, 0x12161c},
	{"ink", 0x1b2430, 0xe8ecf1},
	{"muted", 0x5b6675, 0x9aa5b4},
	{"grid", 0xe3e7ec, 0x2a323d},
	{"s1", 0x1d5fd1, 0x7db0ff},
	{"s2", 0xb25000, 0xffab5c},
	{"s3", 0x0b7a6b, 0x4fd6c1},
	{"s4", 0x7a3fc4, 0xc9a6ff},
	{"s5", 0x596b00, 0xc5d64b},
	{"bad", 0xb3261e, 0xff8a80},
}

// Series are the shades of data, in order of use.
var series = []string{"s1", "s2", "s3", "s4", "s5"}

// tone returns the light colour of a shade, by which gonum draws.
func tone(name string) color.NRGBA {
	for _, s := range palette {
		if s.name == name {
			return color.NRGBA{R: uint8(s.light >> 16), G: uint8(s.light >> 8), B: uint8(s.light), A: 255}
		}
	}
	return color.NRGBA{A: 255}
}

// veil is a shade at a fraction of its strength, for bands.
func veil(name string, strength float64) color.NRGBA {
	c := tone(name)
	c.A = uint8(255 * strength)
	return c
}

// shadeOf finds the shade of a light colour as gonum writes it, such as
// #1D5FD1; empty if it is none.
func shadeOf(hex string) string {
	for _, s := range palette {
		if hex == fmt.Sprintf("#%06X", s.light) {
			return s.name
		}
	}
	return ""
}

// variables declares the shades as CSS variables.
func variables(dark bool) string {
	css := ""
	for _, s := range palette {
		value := s.light
		if dark {
			value = s.dark
		}
		css += fmt.Sprintf("--%s:#%06x;", s.name, value)
	}
	return css
}

// shadeRules are the CSS rules that let the classes of a plot follow the
// variables.
func shadeRules() string {
	css := ""
	for _, s := range palette {
		css += fmt.Sprintf(".f-%s{fill:var(--%s)}.k-%s{stroke:var(--%s)}", s.name, s.name, s.name, s.name)
	}
	return css
}
