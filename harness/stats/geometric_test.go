package stats

import (
	"math"
	"math/rand/v2"
	"testing"
)

func TestGeometricMeanOfARatioAndItsInverseIsOne(t *testing.T) {
	// log 2 and -log 2: standard deviation √2·log 2, of the mean log 2; 12.706 of those.
	mean, in := GeometricMean([]float64{2, 0.5})
	half := 12.706 * math.Log(2)
	for _, pair := range [][2]float64{{mean, 1}, {in.Low, math.Exp(-half)}, {in.High, math.Exp(half)}} {
		if math.Abs(pair[0]/pair[1]-1) > 1e-9 {
			t.Errorf("got %v in %v, want 1 within a factor of %v", mean, in, math.Exp(half))
		}
	}
}

func TestGeometricMeanOfOneRatioKnowsNothingElse(t *testing.T) {
	if mean, in := GeometricMean([]float64{3}); math.Abs(mean-3) > 1e-12 || in.Low != 0 || !math.IsInf(in.High, 1) {
		t.Errorf("got %v in %v", mean, in)
	}
	if mean, in := GeometricMean(nil); mean != 0 || in != (Interval{}) {
		t.Errorf("of nothing: got %v in %v", mean, in)
	}
}

func TestGeometricMeanIntervalCoversTheTruthAsOftenAsItClaims(t *testing.T) {
	source := rand.New(rand.NewPCG(seed, 2))
	for _, n := range []int{2, 7, 40} {
		covered, rounds := 0, 1000
		for range rounds {
			ratios := make([]float64, n)
			for i := range ratios {
				ratios[i] = math.Exp(source.NormFloat64() / 10)
			}
			if _, in := GeometricMean(ratios); in.Low <= 1 && 1 <= in.High {
				covered++
			}
		}
		// 950 with a standard deviation of 7.
		if covered < 920 || covered > 980 {
			t.Errorf("%d of %d intervals of %d ratios cover the true one, seed %d", covered, rounds, n, seed)
		}
	}
}
