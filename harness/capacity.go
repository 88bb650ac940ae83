package harness

import (
	"context"
	"time"
)

// Capacity is what a closed loop reached: always as many attempts under way, the
// next one sent when one has ended.
type Capacity struct {
	RPS      float64 `json:"rps"`      // answers as expected per second, in the second half
	Attempts uint64  `json:"attempts"` // that ended, the warm-up included
	Errors   uint64  `json:"errors"`   // of these, that did not go as expected
}

// Prober is a Driver that can look for the capacity before it plays a schedule.
// Its attempts are not reported. It returns when none is under way.
type Prober interface {
	Probe(ctx context.Context, w Workload, to []Endpoint, length time.Duration) (Capacity, error)
}

// Warm says whether the labs of the workload are kept for all trials: it is about
// time, not about counts, which would be those of all trials together.
func (w Workload) Warm() bool { return w.Search != nil || w.Probe > 0 }
