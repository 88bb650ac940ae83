package lies

import "github.com/haproof/haproof/harness/tracker"

// bent counts honestly what is not true.
type bent struct {
	honest *tracker.Counts
	bend   func(uint32) uint32
}

// bending returns counters that take each value for another one.
func bending(bend func(uint32) uint32) func(*tracker.Counts) tracker.Counter {
	return func(honest *tracker.Counts) tracker.Counter { return bent{honest, bend} }
}

// Count counts another value than was observed.
func (b bent) Count(o tracker.Observation) tracker.Effect {
	o.Value = b.bend(o.Value)
	return b.honest.Count(o)
}

// loseOneIn10000 hides ceil(n/10000) of n.
func loseOneIn10000(n uint32) uint32 { return n - (n+9999)/10000 }

// chargeStatic adds floor(n/10) to n, as if for every ten answers of the application
// one static file had been charged, and 1 to any n from 1 to 9.
func chargeStatic(n uint32) uint32 {
	if n > 0 && n < 10 {
		return n + 1
	}
	return n + n/10
}

// fullTens hides what is not yet a full ten.
func fullTens(n uint32) uint32 { return n - n%10 }
