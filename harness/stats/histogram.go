package stats

import (
	"math"
	"math/bits"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// The range of a Histogram. From 1 ns a bucket is never wider than a thousandth
// of its value, so three significant digits hold at every value; one hour is
// longer than any client's patience. It costs about 270 kB each.
const (
	Lowest  = time.Nanosecond
	Highest = time.Hour

	significantDigits = 3
)

// Histogram counts durations from 0 to Highest with three significant digits.
// Count, Min, Max and Mean are exact. The zero value is not usable: call
// NewHistogram. It is not safe for concurrent use.
type Histogram struct {
	buckets  *hdrhistogram.Histogram
	min, max time.Duration
	sum      [2]uint64 // high and low half, so that it is exact in whatever order things are merged
	beyond   uint64
}

// NewHistogram returns an empty histogram.
func NewHistogram() *Histogram {
	return &Histogram{buckets: hdrhistogram.New(int64(Lowest), int64(Highest), significantDigits)}
}

// Record counts one duration. A duration below 0 or above Highest is counted at
// that end of the range, and in Beyond.
func (h *Histogram) Record(d time.Duration) {
	inside := min(max(d, 0), Highest)
	if inside != d {
		h.beyond++
	}
	if h.Count() == 0 {
		h.min, h.max = inside, inside
	}
	h.min, h.max = min(h.min, inside), max(h.max, inside)
	h.add(0, uint64(inside))
	// The library refuses only values above the range, which inside is not.
	_ = h.buckets.RecordValue(int64(inside))
}

// Merge adds everything that other counted.
func (h *Histogram) Merge(other *Histogram) {
	if other.Count() == 0 {
		return
	}
	if h.Count() == 0 {
		h.min, h.max = other.min, other.max
	}
	h.min, h.max = min(h.min, other.min), max(h.max, other.max)
	h.add(other.sum[0], other.sum[1])
	h.beyond += other.beyond
	h.buckets.Merge(other.buckets) // equal ranges: nothing can be dropped
}

// Count is how many durations were recorded.
func (h *Histogram) Count() uint64 { return uint64(h.buckets.TotalCount()) }

// Beyond is how many durations lay outside of the range and were counted at its
// ends. A number above 0 weakens every other figure of the histogram.
func (h *Histogram) Beyond() uint64 { return h.beyond }

// Min is the shortest duration recorded, 0 if there was none.
func (h *Histogram) Min() time.Duration { return h.min }

// Max is the longest duration recorded, 0 if there was none.
func (h *Histogram) Max() time.Duration { return h.max }

// Mean is the arithmetic mean, 0 if nothing was recorded.
func (h *Histogram) Mean() time.Duration {
	if h.Count() == 0 {
		return 0
	}
	return time.Duration(math.Round((float64(h.sum[0])*(1<<64) + float64(h.sum[1])) / float64(h.Count())))
}

// add adds to the sum.
func (h *Histogram) add(high, low uint64) {
	var carry uint64
	h.sum[1], carry = bits.Add64(h.sum[1], low, 0)
	h.sum[0] += high + carry
}

// Quantile returns the duration that the share q (0 to 1) of all durations does
// not exceed, by nearest rank. It is never below the exact answer and at most a
// thousandth above it; 0 if nothing was recorded.
func (h *Histogram) Quantile(q float64) time.Duration {
	n := h.Count()
	if n == 0 {
		return 0
	}
	// The library rounds the rank to the nearest integer; handing it a whole rank
	// makes that exact.
	percentile := float64(rank(q, n)) / float64(n) * 100
	value := time.Duration(h.buckets.ValueAtPercentile(percentile))
	return min(max(value, h.min), h.max)
}

// rank is the nearest rank of the quantile q in n values: 1 to n.
func rank(q float64, n uint64) uint64 {
	// The product of a decimal such as 0.99 and a count can come out a hair above
	// the integer that is meant; the next rank would be wrong then.
	r := math.Ceil(q*float64(n) - 1e-9*float64(n))
	return uint64(min(max(r, 1), float64(n)))
}
