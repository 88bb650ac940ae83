package harness

import (
	"slices"
	"time"

	"github.com/haproof/haproof/harness/stats"
)

const (
	maxMoments  = 300
	leastMoment = 100 * time.Millisecond
)

// series cuts the length into equal slices and says of each what ended in it.
// Its quantiles are exact, and leave the soft start out.
func series(attempts []Attempt, limits *Limits, length time.Duration, w *Workload) []Moment {
	if len(attempts) == 0 || length <= 0 {
		return nil
	}
	n := int(min(max(length/leastMoment, 1), maxMoments))
	moments := make([]Moment, n)
	latencies := make([][]time.Duration, n)
	for i := range attempts {
		a := &attempts[i]
		// In floats, because Done times n may overflow.
		at := int(float64(a.Done) / float64(length) * float64(n))
		at = min(max(at, 0), n-1)
		moments[at].count(a, limits)
		if w.Timed(a) {
			latencies[at] = append(latencies[at], a.Latency())
		}
	}
	for i := range moments {
		slices.Sort(latencies[i])
		moments[i].At = time.Duration(float64(length) / float64(n) * float64(i))
		moments[i].Length = length / time.Duration(n)
		moments[i].P50 = stats.Quantile(latencies[i], 0.5)
		moments[i].P99 = stats.Quantile(latencies[i], 0.99)
	}
	return moments
}

// count takes an attempt that ended in the moment.
func (m *Moment) count(a *Attempt, limits *Limits) {
	m.Done++
	switch {
	case !limits.Expect(a.Cause):
		m.Errors++
	case a.Cause == CauseDenied:
		m.Denied++
	}
}
