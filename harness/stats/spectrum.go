package stats

import (
	"math"
	"time"
)

// Point is one point of a percentile curve.
type Point struct {
	Quantile float64 // above 0 and below 1
	Value    time.Duration
}

const (
	pointsPerNine = 9
	mostNines     = 6
)

// Spectrum returns the percentile curve for an axis of "nines": points evenly
// spaced in -log10(1-q), nine for each nine, as far as the count supports. They
// begin with the minimum at (1/2)/n and end with the maximum at (n-1/2)/n, so
// that these too have a place on such an axis. There are at most 56 points, in
// ascending order; none if nothing was recorded.
func (h *Histogram) Spectrum() []Point {
	n := h.Count()
	if n == 0 {
		return nil
	}
	first, last := 0.5/float64(n), (float64(n)-0.5)/float64(n)
	points := []Point{{Quantile: first, Value: h.Min()}}
	for i := 1; i <= pointsPerNine*mostNines; i++ {
		q := 1 - math.Pow(10, -float64(i)/pointsPerNine)
		if q > first && q < last {
			points = append(points, Point{Quantile: q, Value: h.Quantile(q)})
		}
	}
	return append(points, Point{Quantile: last, Value: h.Max()})
}
