package stats

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const seed = 20

// latencies draws a heavy-tailed sample from 1 µs to some minutes.
func latencies(n int) []time.Duration {
	source := rand.New(rand.NewPCG(seed, seed))
	sample := make([]time.Duration, n)
	for i := range sample {
		sample[i] = time.Duration(float64(time.Microsecond) * math.Exp(source.Float64()*18))
	}
	return sample
}

func fill(sample []time.Duration) *Histogram {
	h := NewHistogram()
	for _, d := range sample {
		h.Record(d)
	}
	return h
}

func TestHistogramQuantileIsWithinAThousandthOfTheSortedSample(t *testing.T) {
	for _, n := range []int{1, 2, 3, 10, 99, 100, 101, 1000, 12345} {
		sample := latencies(n)
		h := fill(sample)
		slices.Sort(sample)
		for _, q := range []float64{0, 0.001, 0.1, 0.25, 0.5, 0.9, 0.95, 0.99, 0.999, 0.9999, 1} {
			got, want := h.Quantile(q), Quantile(sample, q)
			if got < want || float64(got) > float64(want)*1.001 {
				t.Errorf("n %d, q %v: got %v, want %v to %v, seed %d", n, q, got, want, time.Duration(float64(want)*1.001), seed)
			}
		}
	}
}

func TestHistogramCountMinMaxMeanAreExact(t *testing.T) {
	type figures struct {
		Count, Beyond  uint64
		Min, Max, Mean time.Duration
	}
	h := fill([]time.Duration{1234567, 7, 999999999, 12})
	got := figures{h.Count(), h.Beyond(), h.Min(), h.Max(), h.Mean()}
	want := figures{Count: 4, Min: 7, Max: 999999999, Mean: 250308646} // 1001234585/4 = 250308646.25
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestHistogramCountsWhatLiesBeyondItsRange(t *testing.T) {
	h := fill([]time.Duration{-time.Second, 0, Highest, Highest + 1})
	if h.Beyond() != 2 || h.Count() != 4 || h.Min() != 0 || h.Max() != Highest {
		t.Errorf("got beyond %d, count %d, min %v, max %v; want 2, 4, 0, %v", h.Beyond(), h.Count(), h.Min(), h.Max(), Highest)
	}
}

func TestEmptyHistogramIsAllZero(t *testing.T) {
	h := NewHistogram()
	if h.Quantile(0.5) != 0 || h.Mean() != 0 || h.Min() != 0 || h.Max() != 0 || h.Count() != 0 || h.Spectrum() != nil {
		t.Error("an empty histogram claims to have seen something")
	}
}

func TestMergeEqualsAddingEverythingToOne(t *testing.T) {
	sample := append(latencies(1000), -1, 2*Highest)
	merged := NewHistogram()
	merged.Merge(NewHistogram())
	merged.Merge(fill(sample[:300]))
	merged.Merge(fill(sample[300:]))
	one := fill(sample)
	if diff := cmp.Diff(one.Spectrum(), merged.Spectrum()); diff != "" {
		t.Error(diff)
	}
	if merged.Count() != one.Count() || merged.Beyond() != one.Beyond() || merged.Mean() != one.Mean() {
		t.Errorf("got count %d, beyond %d, mean %v; want %d, %d, %v", merged.Count(), merged.Beyond(), merged.Mean(), one.Count(), one.Beyond(), one.Mean())
	}
}

func TestSpectrumRisesFromMinimumToMaximumInAtMostSixtyPoints(t *testing.T) {
	for _, n := range []int{1, 2, 100, 200000} {
		h := fill(latencies(n))
		points := h.Spectrum()
		if len(points) > 60 {
			t.Errorf("n %d: %d points", n, len(points))
		}
		if first, last := points[0], points[len(points)-1]; first.Value != h.Min() || last.Value != h.Max() {
			t.Errorf("n %d: ends are %v and %v, want %v and %v", n, first.Value, last.Value, h.Min(), h.Max())
		}
		for i, p := range points {
			if p.Quantile <= 0 || p.Quantile >= 1 || i > 0 && (p.Quantile < points[i-1].Quantile || p.Value < points[i-1].Value) {
				t.Errorf("n %d: point %d is %+v after %+v", n, i, p, points[max(i, 1)-1])
			}
		}
	}
}
