package tracker

import (
	"fmt"
	"maps"
	"slices"
)

// model is a store that keeps batches in the plainest way, and checks each.
type model struct {
	customers []string
	books     map[uint32]BookState
	entries   map[entryRef]EntryState
	usage     map[usageKey]uint64
	marks     []DrainMark
}

type usageKey struct {
	customer uint32
	hour     Hour
}

func newModel() *model {
	return &model{books: map[uint32]BookState{}, entries: map[entryRef]EntryState{}, usage: map[usageKey]uint64{}}
}

// apply takes in a batch. It fails if that is not well-formed, or if usage and entries
// do not add up to the same for every customer.
func (m *model) apply(b *Batch) error {
	if int(b.FirstCustomer) != len(m.customers) {
		return fmt.Errorf("first customer is %d, %d are stored", b.FirstCustomer, len(m.customers))
	}
	m.customers = append(m.customers, b.Customers...)
	for _, book := range b.Books {
		m.books[book.ID] = book
	}
	for _, e := range b.Entries {
		if _, ok := m.books[e.Book]; !ok || int(e.Customer) >= len(m.customers) {
			return fmt.Errorf("entry %+v without its book or customer", e)
		}
		m.entries[entryRef{e.Book, e.Customer}] = e
	}
	for _, g := range b.Growth {
		if g.N == 0 {
			return fmt.Errorf("growth %+v of nothing", g)
		}
		m.usage[usageKey{g.Customer, g.Hour}] += g.N
	}
	for _, id := range b.Dropped {
		if _, ok := m.books[id]; !ok {
			return fmt.Errorf("dropped book %d is not stored", id)
		}
		delete(m.books, id)
		maps.DeleteFunc(m.entries, func(ref entryRef, _ EntryState) bool { return ref.book == id })
	}
	m.marks = append(m.marks, b.Drained...)
	return m.verify()
}

func (m *model) verify() error {
	bySum, byUsage := map[uint32]uint64{}, map[uint32]uint64{}
	for _, e := range m.entries {
		bySum[e.Customer] += e.Base + uint64(e.Last)
	}
	for key, n := range m.usage {
		byUsage[key.customer] += n
	}
	for customer, name := range m.customers {
		if n, usage := bySum[uint32(customer)], byUsage[uint32(customer)]; n != usage {
			return fmt.Errorf("customer %q: entries add up to %d, usage to %d", name, n, usage)
		}
	}
	return nil
}

// total is that of the entries, by customer.
func (m *model) total() map[string]uint64 {
	total := map[string]uint64{}
	for _, name := range m.customers {
		total[name] = 0
	}
	for _, e := range m.entries {
		total[m.customers[e.Customer]] += e.Base + uint64(e.Last)
	}
	return total
}

// load restores Counts.
func (m *model) load(s State) error {
	for id, name := range m.customers {
		if err := s.RestoreCustomer(uint32(id), name); err != nil {
			return err
		}
	}
	for _, id := range slices.Sorted(maps.Keys(m.books)) {
		if err := s.RestoreBook(m.books[id]); err != nil {
			return err
		}
	}
	for _, e := range m.entries {
		if err := s.RestoreEntry(e); err != nil {
			return err
		}
	}
	for _, mark := range m.marks {
		if err := s.RestoreMark(mark); err != nil {
			return err
		}
	}
	return nil
}
