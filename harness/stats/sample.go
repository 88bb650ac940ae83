package stats

import (
	"math/rand/v2"
	"slices"
	"time"
)

// Quantile returns the duration of a sample in ascending order that the share q
// (0 to 1) of it does not exceed, by nearest rank: exact. It is 0 for an empty
// sample.
func Quantile(sorted []time.Duration, q float64) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[rank(q, uint64(len(sorted)))-1]
}

// Mean is the arithmetic mean, 0 for an empty sample.
func Mean(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	var sum float64
	for _, v := range values {
		sum += v
	}
	return sum / float64(len(values))
}

// Median is the middle value, the mean of the two middle ones for an even
// count, and 0 for an empty sample. It does not reorder values.
func Median(values []float64) float64 {
	return medianOf(slices.Sorted(slices.Values(values)))
}

func medianOf(sorted []float64) float64 {
	n := len(sorted)
	switch {
	case n == 0:
		return 0
	case n%2 == 1:
		return sorted[n/2]
	default:
		return (sorted[n/2-1] + sorted[n/2]) / 2
	}
}

// Interval is a range that an estimate is believed to lie in.
type Interval struct{ Low, High float64 }

// Resamples is how often MedianInterval draws.
const Resamples = 2000

// MedianInterval returns the bootstrap percentile interval of the median at the
// given confidence, such as 0.95. The same seed gives the same interval, in
// whatever order the values come. Few values cannot keep the promise: of three
// the interval is from the least to the greatest, which holds the true median in
// 75 of 100 cases, and of one it has width 0 and says nothing. Print the count
// beside it. An empty sample gives the zero Interval.
func MedianInterval(values []float64, confidence float64, seed uint64) Interval {
	if len(values) == 0 {
		return Interval{}
	}
	values = slices.Sorted(slices.Values(values))
	source := rand.New(rand.NewPCG(seed, uint64(len(values))))
	medians := make([]float64, Resamples)
	draw := make([]float64, len(values))
	for i := range medians {
		for j := range draw {
			draw[j] = values[source.IntN(len(values))]
		}
		slices.Sort(draw)
		medians[i] = medianOf(draw)
	}
	slices.Sort(medians)
	tail := (1 - confidence) / 2
	low, high := rank(tail, Resamples), rank(1-tail, Resamples)
	return Interval{Low: medians[low-1], High: medians[high-1]}
}
