package main

import (
	"fmt"

	"github.com/haproof/haproof/harness/tracker"
	"github.com/haproof/haproof/harness/tracker/daemon"
)

// newLiar returns the counter that tells the lie of that name.
func newLiar(lie string) (daemon.Counter, error) {
	bend := map[string]func(uint32) uint32{
		"lose-1-in-10000": loseOneIn10000,
		"static":          chargeStatic,
	}[lie]
	switch {
	case bend != nil:
		return func(honest *tracker.Counts) tracker.Counter { return bent{honest, bend} }, nil
	case lie == "absolute":
		return func(honest *tracker.Counts) tracker.Counter { return absolute{honest, map[string]uint32{}} }, nil
	default:
		return nil, fmt.Errorf("-lie %q: want lose-1-in-10000, absolute or static", lie)
	}
}

// bent counts honestly what is not true.
type bent struct {
	honest *tracker.Counts
	lie    func(uint32) uint32
}

// Count counts another value than was observed.
func (b bent) Count(o tracker.Observation) tracker.Effect {
	o.Value = b.lie(o.Value)
	return b.honest.Count(o)
}

func loseOneIn10000(n uint32) uint32 { return n - (n+9999)/10000 }

func chargeStatic(n uint32) uint32 {
	if n > 0 && n < 10 {
		return n + 1
	}
	return n + n/10
}

// absolute takes each value for a difference, as if counters were reset when pushed.
type absolute struct {
	honest *tracker.Counts
	sums   map[string]uint32 // by key
}

// Count adds the value, whatever was said before.
func (a absolute) Count(o tracker.Observation) tracker.Effect {
	a.sums[string(o.Key)] += o.Value
	o.Value = a.sums[string(o.Key)]
	return a.honest.Count(o)
}
