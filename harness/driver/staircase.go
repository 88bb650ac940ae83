package driver

import (
	"math"
	"sort"
	"time"

	"github.com/haproof/haproof/harness"
)

// staircase is the schedule of a search: stairs of constant rate, without a gap
// between them.
type staircase []stair

// stair is one stretch of constant rate.
type stair struct {
	rateRPS float64
	begin   time.Duration
	first   uint64 // number of its first attempt
	count   uint64
}

// newStaircase offers the stairs of a search around the probed capacity. Rates
// are such that each stair has a whole number of attempts.
func newStaircase(s harness.Search, capacityRPS float64) staircase {
	stairs := make(staircase, s.Stairs)
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

func (s staircase) total() uint64 {
	last := s[len(s)-1]
	return last.first + last.count
}

func (s staircase) stairOf(k uint64) int {
	if len(s) == 1 {
		return 0
	}
	return sort.Search(len(s)-1, func(i int) bool { return k < s[i+1].first })
}

func (s staircase) due(k uint64) time.Duration {
	st := &s[s.stairOf(k)]
	return st.begin + time.Duration(float64(k-st.first)/st.rateRPS*float64(time.Second))
}

func (s staircase) rate(at time.Duration) float64 {
	for i := len(s) - 1; i > 0; i-- {
		if at >= s[i].begin {
			return s[i].rateRPS
		}
	}
	return s[0].rateRPS
}

// rates returns the rates of the first n stairs.
func (s staircase) rates(n int) []float64 {
	var rates []float64
	for _, st := range s[:n] {
		rates = append(rates, st.rateRPS)
	}
	return rates
}
