package plan

import (
	"errors"
	"maps"
	"slices"
	"time"
)

// Gap is whose usage so far a Meter does not know.
type Gap struct {
	Everyone  bool     // all customers; it ignores those of which it knows
	Customers []string // these, if not everyone
}

// Replace puts other plans in place of those that there are. Usage stays: limits that
// are lowered below it make crossings, limits that are raised above it release.
//
// The customers of the gap had no plan before. Their usage must be restored with
// Restore, as of this call, and Restored be called; until then they are not limited.
// If the gap is empty, nothing is to be done.
//
// It fails, and changes nothing, if the set is not valid or usage is being restored.
func (m *Meter) Replace(plans Set, now time.Time) (Gap, error) {
	if m.restoring {
		return Gap{}, errors.New("usage is still being restored")
	}
	if err := plans.Validate(); err != nil {
		return Gap{}, err
	}
	m.Advance(now)
	knewAll := m.fallback != nil && m.refused == 0
	book := newBook(plans)
	m.fallback, m.refused = book.fallback, 0
	for _, customer := range slices.Sorted(maps.Keys(m.accounts)) {
		m.reassign(m.accounts[customer], book.of(customer))
	}
	strangers := m.strangers(plans)
	var gap Gap
	switch {
	case knewAll: // a customer without an account has used nothing
	case m.fallback != nil:
		gap.Everyone = true
	default:
		gap.Customers = strangers
	}
	m.restoring = gap.Everyone || len(gap.Customers) > 0
	for _, customer := range strangers {
		m.open(customer, book.of(customer))
	}
	return gap, nil
}

// reassign gives the account other rules, or closes it if there are none.
func (m *Meter) reassign(a *account, r *rules) {
	a.rules = r
	if r == nil {
		delete(m.accounts, a.customer)
		m.judge(a)
		return
	}
	m.review(a)
}

// strangers are the customers in the set that have no account, in order.
func (m *Meter) strangers(plans Set) (customers []string) {
	for _, customer := range slices.Sorted(maps.Keys(plans.Assigned)) {
		if m.accounts[customer] == nil {
			customers = append(customers, customer)
		}
	}
	return customers
}
