package driver

import (
	"math"
	"testing"

	"github.com/haproof/haproof/harness"
)

func TestCurvesAreTheIntegralOfTheirRateAndItsInverse(t *testing.T) {
	for name, c := range map[string]curve{
		"constant":     constant(700),
		"ramp up":      ramp{from: 100, to: 900, length: 10},
		"ramp down":    ramp{from: 900, to: 100, length: 10},
		"steps":        newSteps(100, []harness.Rate{1000, 50}, 9),
		"sine":         sine{low: 10, high: 990, period: 4},
		"sine swapped": sine{low: 990, high: 10, period: 4},
	} {
		t.Run(name, func(t *testing.T) {
			const step = 1e-3
			sum := 0.0
			for i := range 14_000 { // past the end of those that have one
				at := float64(i) * step
				sum += c.rate(at+step/2) * step
				by := c.by(at + step)
				if math.Abs(by-sum) > 1 { // a step within a slice
					t.Fatalf("%v attempts by %v s, the rates add up to %v", by, at+step, sum)
				}
				if back := c.when(by); math.Abs(back-at-step) > 1e-9 {
					t.Fatalf("%v attempts are due by %v s, but the last one at %v s", by, at+step, back)
				}
			}
		})
	}
}
