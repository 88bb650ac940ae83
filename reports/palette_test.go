package reports

import (
	"math"
	"testing"
)

// TestEveryShadeCanBeReadOnItsGround asks for a contrast of 4.5, what WCAG 2.2
// (1.4.3) wants of text.
func TestEveryShadeCanBeReadOnItsGround(t *testing.T) {
	paper := palette[0]
	for _, s := range palette[1:] {
		if s.name == "grid" {
			continue // decoration
		}
		if c := contrast(s.light, paper.light); c < 4.5 {
			t.Errorf("%s on light ground has a contrast of %.2f", s.name, c)
		}
		if c := contrast(s.dark, paper.dark); c < 4.5 {
			t.Errorf("%s on dark ground has a contrast of %.2f", s.name, c)
		}
	}
}

func contrast(a, b uint32) float64 {
	x, y := luminance(a), luminance(b)
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

func luminance(rgb uint32) float64 {
	sum := 0.0
	for i, weight := range []float64{0.2126, 0.7152, 0.0722} {
		c := float64(rgb>>(16-8*i)&0xff) / 255
		if c <= 0.04045 {
			c /= 12.92
		} else {
			c = math.Pow((c+0.055)/1.055, 2.4)
		}
		sum += weight * c
	}
	return sum
}
