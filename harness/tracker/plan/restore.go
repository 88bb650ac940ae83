package plan

import "time"

// Restore adds what was used, and stored, in the given hour; what was used longer ago
// than in the month before this one may be given as one sum in any hour before that.
// It is ignored for customers of which all is known, and for those without a plan.
func (m *Meter) Restore(customer string, hour time.Time, n uint64) {
	if a := m.accounts[customer]; m.restoring && (a == nil || !a.settled) {
		m.Grow(customer, hour, n)
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
