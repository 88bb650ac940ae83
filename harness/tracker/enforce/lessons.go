package enforce

import (
	"maps"
	"slices"
	"time"

	"github.com/haproof/haproof/harness/peers"
	"github.com/haproof/haproof/harness/tracker/plan"
)

const (
	// maxChanges is how many changes are kept for those who teach them one by one.
	// Who falls further behind teaches everything.
	maxChanges = 1 << 16

	// releasedFor is how long a full lesson repeats that a customer was released, in
	// refreshes: a peer that was away has forgotten the denial by then.
	releasedFor = 6
)

// lessons are what peers are to learn. A reader remembers the number of the next
// change that it wants.
type lessons struct {
	first    uint64 // number of changes[0]
	changes  []plan.Change
	released map[string]time.Time
	changed  chan struct{} // closed when there are new ones
}

func (l *lessons) add(changes []plan.Change, now time.Time) {
	if l.released == nil {
		l.released = make(map[string]time.Time)
	}
	for _, c := range changes {
		if c.Denied {
			delete(l.released, c.Customer)
		} else {
			l.released[c.Customer] = now
		}
	}
	l.changes = append(l.changes, changes...)
	if over := len(l.changes) - maxChanges; over > 0 {
		l.changes = slices.Delete(l.changes, 0, over)
		l.first += uint64(over)
	}
	close(l.changed)
	l.changed = make(chan struct{})
}

// next is the number of the change that will be added next.
func (l *lessons) next() uint64 { return l.first + uint64(len(l.changes)) }

// since returns the changes from number n on as entries, the newest of each customer;
// false if some of them are forgotten.
func (l *lessons) since(n uint64) ([]peers.Entry, bool) {
	if n < l.first {
		return nil, false
	}
	newest := make(map[string]bool)
	for _, c := range l.changes[n-l.first:] {
		newest[c.Customer] = c.Denied
	}
	return entries(newest), true
}

// everything returns who is denied, and who was released not long ago.
func (l *lessons) everything(denied []string, now time.Time, refresh time.Duration) []peers.Entry {
	all := make(map[string]bool, len(denied))
	maps.DeleteFunc(l.released, func(_ string, at time.Time) bool { return now.Sub(at) > releasedFor*refresh })
	for customer := range l.released {
		all[customer] = false
	}
	for _, customer := range denied {
		all[customer] = true
	}
	return entries(all)
}

func entries(denied map[string]bool) []peers.Entry {
	list := make([]peers.Entry, 0, len(denied))
	for _, customer := range slices.Sorted(maps.Keys(denied)) {
		list = append(list, entry(customer, denied[customer]))
	}
	return list
}
