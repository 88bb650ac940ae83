package driver

import (
	"time"

	"github.com/haproof/haproof/harness"
)

// OfferedRate returns how many attempts per second a workload offers at a time from the
// beginning, for a live view. It is nil where that is not known beforehand: in a closed
// loop, for a replay and for a search.
func OfferedRate(w harness.Workload) func(at time.Duration) float64 {
	if w.Search != nil || w.Users != nil && w.Users.Count > 0 {
		return nil
	}
	c, err := newCurve(w)
	if err != nil {
		return nil
	}
	each := 1.0
	if w.Users != nil {
		each = float64(max(1, w.Users.Requests)) // users arrive at the rate, and ask so often
	}
	return func(at time.Duration) float64 {
		if at < w.SoftStart {
			return each * c.rate(0) * float64(at) / float64(w.SoftStart)
		}
		return each * c.rate((at - w.SoftStart).Seconds())
	}
}
