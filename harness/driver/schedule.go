package driver

import (
	"errors"
	"fmt"
	"math"
	"sort"
	"time"

	"github.com/haproof/haproof/harness"
)

// schedule says when each attempt is due, from the beginning. It is a pure
// function of the number of the attempt, and safe for concurrent use.
type schedule interface {
	total() uint64                 // number of attempts
	due(k uint64) time.Duration    // of attempt k; never before that of k-1
	rate(at time.Duration) float64 // attempts per second offered at a time
	stairOf(k uint64) int          // stair of a search that attempt k belongs to, else 0
}

var errNoRate = errors.New("rate: must be above 0")

// newSchedule offers what the workload asks for: exactly Requests attempts, or as
// many as are due within Duration.
func newSchedule(w harness.Workload) (schedule, error) {
	if w.SoftStart > 0 {
		return newSoftened(w)
	}
	if w.Shape != nil && w.Shape.Kind == harness.ShapeReplay {
		return newReplay(*w.Shape, w.Requests)
	}
	c, err := newCurve(w)
	if err != nil {
		return nil, err
	}
	plan, err := newArrivals(w, c)
	if err == nil && plan.total() == 0 {
		err = fmt.Errorf("requests, duration: no attempt falls into %v at %v/s", w.Duration, w.Rate)
	}
	if err != nil {
		return nil, err
	}
	return plan, nil
}

// wanted returns how many attempts of a schedule are due by the given time.
func wanted(s schedule, by time.Duration) uint64 {
	n := sort.Search(int(min(s.total(), math.MaxInt)), func(k int) bool { return s.due(uint64(k)) > by })
	return uint64(n)
}

// oneStair is part of every schedule that is no search.
type oneStair struct{}

func (oneStair) stairOf(uint64) int { return 0 }

// slice is a part of a schedule: attempts first, first+step and so on.
type slice struct {
	first, step uint64
	most        int // in flight
}
