package stats

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestQuantileIsTheNearestRank(t *testing.T) {
	hundred := make([]time.Duration, 100)
	for i := range hundred {
		hundred[i] = time.Duration(i + 1)
	}
	for _, c := range []struct {
		sample []time.Duration
		q      float64
		want   time.Duration
	}{
		{nil, 0.5, 0},
		{[]time.Duration{7}, 0.99, 7},
		{hundred, 0, 1},       // there is no rank 0
		{hundred, 0.5, 50},    // half of them are at most 50
		{hundred, 0.55, 55},   // 0.55*100 is 55.000000000000007 as a float
		{hundred, 0.99, 99},   // only one is above
		{hundred, 0.991, 100}, // 99 is not enough
		{hundred, 1, 100},
	} {
		if got := Quantile(c.sample, c.q); got != c.want {
			t.Errorf("quantile %v of %d values: got %d, want %d", c.q, len(c.sample), got, c.want)
		}
	}
}

func TestMedianLeavesItsSampleAlone(t *testing.T) {
	odd, even := []float64{9, 1, 5}, []float64{8, 2, 4, 100}
	got := []float64{Median(odd), Median(even), Median(nil), Mean(odd), Mean(nil)}
	if diff := cmp.Diff([]float64{5, 6, 0, 5, 0}, got); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]float64{9, 1, 5}, odd); diff != "" {
		t.Error(diff)
	}
}

func TestMedianIntervalCoversTheTrueMedianAsOftenAsItClaims(t *testing.T) {
	source := rand.New(rand.NewPCG(seed, 1))
	covered, rounds := 0, 100
	for round := range rounds {
		sample := make([]float64, 25)
		for i := range sample {
			sample[i] = source.NormFloat64()
		}
		if in := MedianInterval(sample, 0.9, uint64(round)); in.Low <= 0 && 0 <= in.High {
			covered++
		}
	}
	// 90 % of 100 is 90 with a standard deviation of 3; the percentile bootstrap
	// of a median is somewhat conservative.
	if covered < 82 || covered > 99 {
		t.Errorf("%d of %d intervals of 90 %% cover the median, seed %d", covered, rounds, seed)
	}
}

func TestMedianIntervalIsRepeatableAndHandlesTinySamples(t *testing.T) {
	sample := []float64{3, 1, 4, 1, 5, 9, 2, 6}
	a, b := MedianInterval(sample, 0.95, 7), MedianInterval(sample, 0.95, 7)
	if a != b {
		t.Errorf("same seed, different intervals: %v and %v", a, b)
	}
	if m := Median(sample); a.Low > m || a.High < m || a.Low < slices.Min(sample) || a.High > slices.Max(sample) {
		t.Errorf("interval %v of a sample with median %v", a, m)
	}
	got := []Interval{MedianInterval(nil, 0.95, 7), MedianInterval([]float64{2}, 0.95, 7)}
	if diff := cmp.Diff([]Interval{{}, {2, 2}}, got); diff != "" {
		t.Error(diff)
	}
}

func TestMedianIntervalDoesNotDependOnTheOrderOfTheTrials(t *testing.T) {
	var up []float64
	for i := range 40 {
		up = append(up, math.Sqrt(float64(i)))
	}
	down := slices.Clone(up)
	slices.Reverse(down)
	for seed := range uint64(20) { // most seeds round the difference away
		if a, b := MedianInterval(up, 0.95, seed), MedianInterval(down, 0.95, seed); a != b {
			t.Errorf("seed %d: %v and %v of the same values", seed, a, b)
		}
	}
}
