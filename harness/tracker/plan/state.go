package plan

import (
	"iter"
	"time"
)

// State is how a customer stands with its limits.
type State struct {
	Customer string
	Plan     string
	Denied   bool
	Limits   []Usage // from the shortest period to the longest
}

// Usage is how much of a limit is used.
type Usage struct {
	Period Period
	Max    uint64
	Used   uint64    // in the period that is running
	Resets time.Time // when the period ends; zero for Total
}

// State returns how a customer stands; false if it has no plan, or the default one
// and has used nothing.
func (m *Meter) State(customer string) (State, bool) {
	a := m.accounts[customer]
	if a == nil {
		return State{}, false
	}
	return m.state(a), true
}

// States visits all customers that State knows, in no order. The Meter must not be
// used meanwhile.
func (m *Meter) States() iter.Seq[State] {
	return func(yield func(State) bool) {
		for _, a := range m.accounts {
			if !yield(m.state(a)) {
				return
			}
		}
	}
}

func (m *Meter) state(a *account) State {
	s := State{Customer: a.customer, Plan: a.rules.plan, Denied: a.denied}
	for i, l := range a.rules.limits {
		if len(l.thresholds) == 0 {
			continue
		}
		p := Period(i + 1)
		s.Limits = append(s.Limits, Usage{Period: p, Max: l.max, Used: a.usage[i].in(m.current[i]), Resets: p.End(m.now)})
	}
	return s
}
