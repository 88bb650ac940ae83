package store

import (
	"slices"
	"sync"

	"github.com/haproof/haproof/harness/tracker"
)

// openUsage is the growth that is not in plain rows yet: that of hours which are
// not over, and what the journal holds.
type openUsage struct {
	sync.Mutex // held by those that call its methods
	hours      map[tracker.Hour]amounts
}

// amounts are numbers by customer, in pages where there are any.
type amounts []*[blockSize]uint64

func (u *openUsage) page(hour tracker.Hour, customer uint32) *[blockSize]uint64 {
	if u.hours == nil {
		u.hours = make(map[tracker.Hour]amounts)
	}
	a, n := u.hours[hour], int(customer>>blockBits)
	if n >= len(a) {
		a = append(a, make(amounts, n+1-len(a))...)
		u.hours[hour] = a
	}
	if a[n] == nil {
		a[n] = new([blockSize]uint64)
	}
	return a[n]
}

// add adds what was committed.
func (u *openUsage) add(growth []tracker.Growth) {
	for i := range growth {
		g := &growth[i]
		u.page(g.Hour, g.Customer)[g.Customer&(blockSize-1)] += g.N
	}
}

// each passes on what is open of a range of customers.
func (u *openUsage) each(from, to uint32, first, last tracker.Hour, visit func(tracker.Growth)) {
	for hour, a := range u.hours {
		if hour < first || hour >= last {
			continue
		}
		for c := uint64(from); c < uint64(to) && int(c>>blockBits) < len(a); c++ {
			p := a[c>>blockBits]
			if p == nil {
				c |= blockSize - 1
				continue
			}
			if n := p[c&(blockSize-1)]; n > 0 {
				visit(tracker.Growth{Customer: uint32(c), Hour: hour, N: n})
			}
		}
	}
}

// take removes what was moved to plain rows.
func (u *openUsage) take(hour tracker.Hour, customers, ns []int64) {
	for i, c := range customers {
		u.page(hour, uint32(c))[c&(blockSize-1)] -= uint64(ns[i])
	}
	a := u.hours[hour]
	if len(customers) > 0 {
		if n := int(customers[0] >> blockBits); n < len(a) && *a[n] == [blockSize]uint64{} {
			a[n] = nil
		}
	}
	if !slices.ContainsFunc(a, func(p *[blockSize]uint64) bool { return p != nil }) {
		delete(u.hours, hour)
	}
}
