package driver

import (
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/haproof/haproof/harness"
)

// softened is a schedule with a ramp ahead of it, from nothing to its first rate. The
// attempts of the ramp are more than those of the schedule, which begins when it ends.
type softened struct {
	schedule
	length  time.Duration
	rateRPS float64 // at the end of the ramp
	count   uint64  // attempts of the ramp
}

var errNoRamp = errors.New("softstart: a replay has no rate to rise to")

// newSoftened makes the schedule of a workload with a soft start. Where the workload
// says how many attempts there are, those of the ramp are among them.
func newSoftened(w harness.Workload) (schedule, error) {
	if w.Shape != nil && w.Shape.Kind == harness.ShapeReplay {
		return nil, errNoRamp
	}
	c, err := newCurve(w)
	if err != nil {
		return nil, err
	}
	s := softened{length: w.SoftStart, rateRPS: c.rate(0)}
	s.count = uint64(math.Round(s.rateRPS * s.length.Seconds() / 2))
	w.SoftStart = 0
	if w.Requests > 0 {
		if s.count >= w.Requests {
			return nil, fmt.Errorf("softstart: its %d attempts leave none of %d for the schedule", s.count, w.Requests)
		}
		w.Requests -= s.count
	}
	s.schedule, err = newSchedule(w)
	return s, err
}

func (s softened) total() uint64 { return s.count + s.schedule.total() }

// due of the ramp is where its area reaches k attempts.
func (s softened) due(k uint64) time.Duration {
	if k >= s.count {
		return s.length + s.schedule.due(k-s.count)
	}
	return seconds(math.Sqrt(2 * float64(k) * s.length.Seconds() / s.rateRPS))
}

func (s softened) rate(at time.Duration) float64 {
	if at >= s.length {
		return s.schedule.rate(at - s.length)
	}
	return s.rateRPS * at.Seconds() / s.length.Seconds()
}
