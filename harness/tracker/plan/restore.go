package plan

import (
	"slices"
	"time"
)

// Span is a stretch of time of which a Meter needs to know only the sum.
type Span struct {
	From time.Time // first hour; zero for the beginning of time
	To   time.Time // first hour after it; zero for no end
}

// Spans divide all time into at most seven stretches: what each customer used in each
// of them is what Restore needs.
func (m *Meter) Spans() []Span {
	edges := []time.Time{{}}
	for p := Hour; p < Total; p++ {
		edges = append(edges, p.previous(m.now), p.Start(m.now))
	}
	slices.SortFunc(edges, time.Time.Compare)
	edges = slices.CompactFunc(edges, time.Time.Equal)
	spans := make([]Span, len(edges))
	for i, from := range edges {
		spans[i].From = from
		if i+1 < len(edges) {
			spans[i].To = edges[i+1]
		}
	}
	return spans
}

// Restore adds what was used, and stored, in the span that begins at from. It is
// ignored for customers of which all is known, and for those without a plan.
func (m *Meter) Restore(customer string, from time.Time, n uint64) {
	if a := m.accounts[customer]; m.restoring && (a == nil || !a.settled) {
		m.Grow(customer, from, n)
	}
}

// Again begins the restoring anew, for who could not read all of the usage: what was
// used so far, restored or grown, is forgotten of those of whom not all is known.
func (m *Meter) Again() {
	for _, a := range m.unsettled {
		a.usage = [periods]pair{}
	}
}

// Restored ends the restoring. Limits that are reached in a running period make
// crossings now, unless they were told by Emitted: they were set, or lowered, while
// nobody looked. Those of earlier periods make none.
func (m *Meter) Restored() {
	m.restoring = false
	for _, a := range m.unsettled {
		a.settled = true
		m.review(a)
	}
	m.unsettled = nil
}

// review compares all that an account has used with its limits. What was used in
// periods that are over is not held against limits that may be new.
func (m *Meter) review(a *account) {
	for i := range a.usage {
		for j := range a.usage[i] {
			t := &a.usage[i][j]
			t.passed = 0
			if t.start >= m.current[i] {
				m.pass(a, i, t, m.emit)
			} else {
				m.pass(a, i, t, func(*account, Period, *tally, threshold) {})
			}
		}
	}
	m.judge(a)
}
