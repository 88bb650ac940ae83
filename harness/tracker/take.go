package tracker

import (
	"slices"
	"time"
)

// Take moves what has changed since the last Take into b, whose slices it reuses. The
// names in it are shared and never change.
func (c *Counts) Take(b *Batch, now time.Time) {
	*b = Batch{At: now, Entries: b.Entries[:0], Growth: append(b.Growth[:0], c.growth...), FirstCustomer: c.firstNew}
	b.Growth = c.customers.takeGrowth(b.Growth, c.hour)
	b.Customers = c.customers.list(c.firstNew)
	for some := range slices.Chunk(c.entries, lookahead) {
		b.Entries = c.takeEntries(b.Entries, some)
	}
	for _, k := range c.changed {
		if k.changed = false; c.books[k.ID] != nil {
			k.stored = true
			b.Books = append(b.Books, k.BookState)
		}
	}
	b.Books = append(b.Books, c.markers...)
	b.Dropped, b.Drained = c.dropped, c.drained
	c.firstNew = uint32(len(c.customers.names))
	c.entries, c.growth, c.markers = c.entries[:0], c.growth[:0], c.markers[:0]
	clear(c.changed)
	c.changed, c.dropped, c.drained = c.changed[:0], nil, nil
}

// takeEntries appends at most lookahead entries.
func (c *Counts) takeEntries(to []EntryState, refs []entryRef) []EntryState {
	for _, ref := range refs {
		if k := c.books[ref.book]; k != nil {
			c.warmed += k.entries.warm(ref.customer)
		}
	}
	for _, ref := range refs {
		k := c.books[ref.book]
		if k == nil {
			continue // dropped
		}
		e := k.entries.find(ref.customer)
		e.id &^= dirty
		to = append(to, EntryState{Book: ref.book, Customer: ref.customer, Base: e.base, Last: e.last})
	}
	return to
}

// Totals are the counts of all customers, by their numbers.
type Totals struct {
	Total uint64
	Names []string // shared and never changed: only appended to
	Each  []uint64 // as long as Names
}

// Totals returns the totals, in the slice of into where that is long enough.
func (c *Counts) Totals(into Totals) Totals { return c.customers.totals(into) }
