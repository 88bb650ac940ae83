package driver

import (
	"fmt"
	"math"

	"github.com/haproof/haproof/harness"
)

// curve is an offered rate that may change with time. Times are in seconds from
// the beginning, rates in attempts per second.
type curve interface {
	rate(at float64) float64
	by(at float64) float64  // attempts due from the beginning until then: the rate's integral
	when(n float64) float64 // inverse of by
}

// newCurve returns the curve that a workload asks for.
func newCurve(w harness.Workload) (curve, error) {
	rate := float64(w.Rate)
	if !(rate > 0) || math.IsInf(rate, 1) {
		return nil, errNoRate
	}
	if w.Shape == nil {
		return constant(rate), nil
	}
	length := w.Duration.Seconds()
	if !(length > 0) {
		return nil, fmt.Errorf("shape: a %s needs a duration", w.Shape.Kind)
	}
	switch to := float64(w.Shape.To); w.Shape.Kind {
	case harness.ShapeRamp:
		return ramp{from: rate, to: to, length: length}, nil
	case harness.ShapeSteps:
		return newSteps(rate, w.Shape.Rates, length), nil
	case harness.ShapeSine:
		return sine{low: rate, high: to, period: w.Shape.Period.Seconds()}, nil
	}
	return nil, fmt.Errorf("shape: unknown kind %q", w.Shape.Kind)
}

// constant is a rate that does not change.
type constant float64

func (c constant) rate(float64) float64   { return float64(c) }
func (c constant) by(at float64) float64  { return float64(c) * at }
func (c constant) when(n float64) float64 { return n / float64(c) }

// ramp goes straight from one rate to another, and stays there.
type ramp struct{ from, to, length float64 }

func (r ramp) rate(at float64) float64 {
	return r.from + (r.to-r.from)*min(at/r.length, 1)
}

func (r ramp) by(at float64) float64 {
	t := min(at, r.length)
	return r.from*t + (r.to-r.from)/r.length*t*t/2 + r.to*max(0, at-r.length)
}

func (r ramp) when(n float64) float64 {
	if past := n - r.by(r.length); past > 0 {
		return r.length + past/r.to
	}
	// Of the two forms of the solution, the one that does not subtract.
	slope := (r.to - r.from) / r.length
	return 2 * n / (r.from + math.Sqrt(max(0, r.from*r.from+2*slope*n)))
}

// steps are constant rates, one after the other; the last one stays.
type steps []step

type step struct {
	rate, begin, first float64 // first: attempts due before it
}

// newSteps makes all steps equally long.
func newSteps(first float64, then []harness.Rate, length float64) steps {
	all := steps{{rate: first}}
	each := length / float64(1+len(then))
	for i, rate := range then {
		last := all[i]
		all = append(all, step{rate: float64(rate), begin: float64(i+1) * each, first: last.first + last.rate*each})
	}
	return all
}

func (s steps) rate(at float64) float64 {
	return s.last(func(st step) bool { return st.begin <= at }).rate
}

func (s steps) by(at float64) float64 {
	st := s.last(func(st step) bool { return st.begin <= at })
	return st.first + st.rate*(at-st.begin)
}

func (s steps) when(n float64) float64 {
	st := s.last(func(st step) bool { return st.first <= n })
	return st.begin + (n-st.first)/st.rate
}

// last returns the last step that has begun.
func (s steps) last(begun func(step) bool) step {
	for i := len(s) - 1; i > 0; i-- {
		if begun(s[i]) {
			return s[i]
		}
	}
	return s[0]
}

// sine swings between two rates, beginning with the lower one.
type sine struct{ low, high, period float64 }

func (s sine) rate(at float64) float64 {
	return (s.low+s.high)/2 - (s.high-s.low)/2*math.Cos(2*math.Pi*at/s.period)
}

func (s sine) by(at float64) float64 {
	return (s.low+s.high)/2*at - (s.high-s.low)/2*s.period/(2*math.Pi)*math.Sin(2*math.Pi*at/s.period)
}

// when is found by Newton's method, held between bounds that always contain it.
func (s sine) when(n float64) float64 {
	mean := (s.low + s.high) / 2
	swing := math.Abs(s.high-s.low) / 2 * s.period / (2 * math.Pi) / mean
	low, high := max(0, n/mean-swing), n/mean+swing
	at := n / mean
	for range 60 {
		miss := s.by(at) - n
		if miss > 0 {
			high = at
		} else {
			low = at
		}
		next := at - miss/s.rate(at)
		if !(next > low && next < high) {
			next = (low + high) / 2
		}
		if math.Abs(next-at) < 1e-12*s.period || next == at {
			return next
		}
		at = next
	}
	return at
}
