package plan

// Change tells that a customer is denied from now on, or no longer.
type Change struct {
	Customer string
	Denied   bool
}

// Changes returns who was denied or released since it was called last. A customer
// that was both, and is as before, is not among them.
func (m *Meter) Changes() []Change {
	var changes []Change
	for _, a := range m.changed {
		a.changed = false
		if a.denied != a.told {
			a.told = a.denied
			changes = append(changes, Change{a.customer, a.denied})
		}
	}
	m.changed = nil
	return changes
}

// Denied returns the customers that are at a limit of a plan that denies, in no
// order. Growth of a period that is over denies nobody.
func (m *Meter) Denied() []string {
	var denied []string
	for a := range m.full {
		if a.denied {
			denied = append(denied, a.customer)
		}
	}
	return denied
}

// judge denies or releases the account, and keeps it in sight while the time can
// bring a change.
func (m *Meter) judge(a *account) {
	denies := a.rules != nil && a.rules.deny
	if denies && a.atLimit(func(i int, start int64) bool { return start >= m.oldest[i] }) {
		m.full[a] = struct{}{}
	} else {
		delete(m.full, a)
	}
	m.deny(a, denies && a.atLimit(func(i int, start int64) bool { return start == m.current[i] }))
}

func (m *Meter) deny(a *account, denied bool) {
	if a.denied == denied {
		return
	}
	a.denied = denied
	if !a.changed {
		a.changed = true
		m.changed = append(m.changed, a)
	}
}
