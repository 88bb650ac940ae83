package driver

import "math"

// gapsPerMark is how many gaps lie between two sums that are kept.
const gapsPerMark = 16

// gaps are exponentially distributed numbers of mean 1, a pure function of a
// seed, with their sums at hand.
type gaps struct {
	seed  uint64
	marks []float64 // sum of the first i*gapsPerMark gaps
}

// gapStream keeps the gaps apart from what targets draw with the same seed.
const gapStream = 0x6761707300000000

// newGaps makes n gaps.
func newGaps(seed, n uint64) *gaps {
	g := &gaps{seed: seed, marks: []float64{0}}
	sum := 0.0
	for first := uint64(0); first < n; first += gapsPerMark {
		r := g.stream(first)
		for range gapsPerMark {
			sum += gap(&r)
		}
		g.marks = append(g.marks, sum)
	}
	return g
}

// stream returns the random numbers of the gaps that begin with a mark.
func (g *gaps) stream(first uint64) random { return randomOf(g.seed, gapStream+first) }

// gap draws one gap; share is never 1.
func gap(r *random) float64 { return -math.Log1p(-r.share()) }

// until returns the sum of gaps 0 to k.
func (g *gaps) until(k uint64) float64 {
	mark := k / gapsPerMark
	sum := g.marks[mark]
	r := g.stream(mark * gapsPerMark)
	for range k%gapsPerMark + 1 {
		sum += gap(&r)
	}
	return sum
}
