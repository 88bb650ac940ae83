package receiver

import (
	"slices"
	"time"
)

// Pacing is how well attempts kept to their schedule, as the receiver saw it.
type Pacing struct {
	Arrived  uint64 `json:"arrived"`  // attempts of the schedule that arrived
	Missing  uint64 `json:"missing"`  // that did not, or are no longer kept
	Repeated uint64 `json:"repeated"` // further arrivals of the same attempts
	// Early are attempts that arrived before they were due, which cannot be where
	// both clocks are right: one was set in between.
	Early uint64 `json:"early"`
	// Lags are arrival − due time of those that arrived, in order of size.
	Lags []time.Duration `json:"-"`
	// Gaps are the times between arrivals that follow each other, in order of size.
	Gaps []time.Duration `json:"-"`
}

// PacingOf holds arrivals against a schedule of n attempts with ids from first on.
// It began at a time, and due says when each attempt was due after that; k counts
// from 0. Attempts outside of the schedule are left out.
func PacingOf(arrivals []Arrival, began time.Time, first, n uint64, due func(k uint64) time.Duration) Pacing {
	p := Pacing{Missing: n}
	zero := began.UnixNano()
	seen := make([]bool, n)
	var times []int64
	for _, a := range arrivals {
		k := a.Seq - first
		switch {
		case a.Seq < first || k >= n:
			continue
		case seen[k]:
			p.Repeated++
			continue
		}
		seen[k] = true
		p.Arrived++
		p.Missing--
		lag := time.Duration(a.At-zero) - due(k)
		if lag < 0 {
			p.Early++
		}
		p.Lags = append(p.Lags, lag)
		times = append(times, a.At)
	}
	slices.Sort(p.Lags)
	slices.Sort(times)
	for i := 1; i < len(times); i++ {
		p.Gaps = append(p.Gaps, time.Duration(times[i]-times[i-1]))
	}
	slices.Sort(p.Gaps)
	return p
}
