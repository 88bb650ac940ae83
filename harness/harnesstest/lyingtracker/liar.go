package main

import (
	"bytes"
	"fmt"

	"github.com/haproof/haproof/harness/tracker"
)

// newLiar returns the counter that tells the lie of that name.
func newLiar(lie string) (tracker.Counter, error) {
	switch lie {
	case "lose-1-in-10000":
		return &embellished{tracker.NewCounts(), loseOneIn10000}, nil
	case "absolute":
		return &absolute{totals: tracker.Totals{Customers: map[string]uint64{}}}, nil
	case "static":
		return &embellished{tracker.NewCounts(), chargeStatic}, nil
	default:
		return nil, fmt.Errorf("-lie %q: want lose-1-in-10000, absolute or static", lie)
	}
}

// embellished counts honestly and lies when it is asked.
type embellished struct {
	*tracker.Counts
	lie func(uint64) uint64
}

// Totals applies the lie to every customer. The sum agrees with it.
func (e *embellished) Totals() tracker.Totals {
	honest := e.Counts.Totals()
	told := tracker.Totals{Customers: make(map[string]uint64, len(honest.Customers))}
	for name, n := range honest.Customers {
		told.Customers[name] = e.lie(n)
		told.Total += told.Customers[name]
	}
	return told
}

func loseOneIn10000(n uint64) uint64 { return n - (n+9999)/10000 }

func chargeStatic(n uint64) uint64 {
	if n > 0 && n < 10 {
		return n + 1
	}
	return n + n/10
}

// absolute takes each value for a difference, as if counters were reset when pushed.
type absolute struct{ totals tracker.Totals }

// Count adds the value, whatever was said before.
func (a *absolute) Count(o tracker.Observation) tracker.Effect {
	split := bytes.LastIndexByte(o.Key, '|')
	if split < 0 {
		return tracker.Refused
	}
	a.totals.Customers[string(o.Key[:split])] += uint64(o.Value)
	a.totals.Total += uint64(o.Value)
	return tracker.Grown
}

// Totals returns a copy of what was added up.
func (a *absolute) Totals() tracker.Totals {
	copied := tracker.Totals{Total: a.totals.Total, Customers: make(map[string]uint64, len(a.totals.Customers))}
	for name, n := range a.totals.Customers {
		copied.Customers[name] = n
	}
	return copied
}
