package driver

import (
	"errors"
	"fmt"
	"math"
	"sort"
	"time"

	"github.com/haproof/haproof/harness"
)

// schedule says when each attempt is due: one or more stairs of constant rate,
// without a gap between them. It is a pure function of the number of the attempt.
type schedule []stair

// stair is one stretch of constant rate.
type stair struct {
	rateRPS float64
	begin   time.Duration
	first   uint64 // number of its first attempt
	count   uint64
}

var errNoRate = errors.New("rate: must be above 0")

// newSchedule offers the workload's rate: exactly Requests attempts, or as many
// as are due within Duration.
func newSchedule(w harness.Workload) (schedule, error) {
	rate := float64(w.Rate)
	if !(rate > 0) || math.IsInf(rate, 1) {
		return nil, errNoRate
	}
	count := w.Requests
	if count == 0 {
		count = uint64(math.Round(rate * w.Duration.Seconds()))
	}
	if count == 0 {
		return nil, fmt.Errorf("requests, duration: no attempt falls into %v at %v/s", w.Duration, w.Rate)
	}
	return schedule{{rateRPS: rate, count: count}}, nil
}

// newStaircase offers the stairs of a search around the probed capacity. Rates
// are such that each stair has a whole number of attempts.
func newStaircase(s harness.Search, capacityRPS float64) schedule {
	stairs := make(schedule, s.Stairs)
	var first uint64
	for i := range stairs {
		count := max(1, uint64(math.Round(s.Step.Seconds()*capacityRPS*height(s, i))))
		stairs[i] = stair{
			rateRPS: float64(count) / s.Step.Seconds(),
			begin:   time.Duration(i) * s.Step, first: first, count: count,
		}
		first += count
	}
	return stairs
}

// height is the rate of stair i as a fraction of the capacity.
func height(s harness.Search, i int) float64 {
	if s.Stairs == 1 {
		return s.From
	}
	return s.From * math.Pow(s.To/s.From, float64(i)/float64(s.Stairs-1))
}

// total is the number of attempts.
func (s schedule) total() uint64 {
	last := s[len(s)-1]
	return last.first + last.count
}

// stairOf returns the stair that attempt k belongs to.
func (s schedule) stairOf(k uint64) int {
	if len(s) == 1 {
		return 0
	}
	return sort.Search(len(s)-1, func(i int) bool { return k < s[i+1].first })
}

// due returns when attempt k is due, from the beginning.
func (s schedule) due(k uint64) time.Duration {
	st := &s[s.stairOf(k)]
	return st.begin + time.Duration(float64(k-st.first)/st.rateRPS*float64(time.Second))
}

// wanted returns how many attempts are due by the given time.
func (s schedule) wanted(by time.Duration) uint64 {
	n := sort.Search(int(s.total()), func(k int) bool { return s.due(uint64(k)) > by })
	return uint64(n)
}

// rates returns the rates of the first n stairs.
func (s schedule) rates(n int) []float64 {
	var rates []float64
	for _, st := range s[:n] {
		rates = append(rates, st.rateRPS)
	}
	return rates
}
