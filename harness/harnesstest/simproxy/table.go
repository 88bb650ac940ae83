package simproxy

import (
	"slices"
	"sort"
)

// entry is one key of the table. A purged entry stays here, dead; the next life of
// its key is another entry.
type entry struct {
	seq      uint64 // of its last change
	count    uint64 // increments made by this process
	customer uint32
	value    uint32 // what HAProxy holds and sends; it wraps
	book     uint16
	seen     bool // sent to a tracker since its last change
	learned  bool // from another process, and not changed here since
	dead     bool
}

// stamp is a change as it happened. It is stale when its entry has changed again.
type stamp struct {
	seq   uint64
	entry uint32
}

// book finds the entries of one generation by customer.
type book struct {
	generation string
	slots      []uint32 // entry plus 1, 0 for none
}

// table is a stick table. Changes have a serial number of 64 bits, of which the wire
// sees 32. A change gives its entry a new number only if the previous one has been
// seen by a tracker; until then the entry waits in its place (stktable_touch_local,
// src/stick_table.c).
type table struct {
	books   []book // 0 is this process's own
	entries []entry
	log     []stamp  // changes made here, ascending
	learned []uint32 // entries in the order in which they were learned
	seq     uint64   // of the last change
	local   uint64   // of the last change made here
	truth   []uint64 // increments by customer
}

// learnedOffset is what the number of a learned entry has added on the wire.
const learnedOffset = 1 << 31

// logSlack is how many stale changes the log may hold beyond one per entry.
const logSlack = 4096

func newTable(generation string, firstID uint32) table {
	start := uint64(1)<<32 + uint64(firstID)
	return table{books: []book{{generation: generation}}, seq: start, local: start}
}

// inc adds to the customer's counter of this generation.
func (t *table) inc(customer uint32, n uint64) {
	i, ok := t.find(0, customer)
	if !ok {
		i = t.enter(0, customer)
	}
	e := &t.entries[i]
	e.value += uint32(n)
	e.count += n
	for int(customer) >= len(t.truth) {
		t.truth = append(t.truth, 0)
	}
	t.truth[customer] += n
	if e.seq != 0 && !e.seen && !e.learned {
		return
	}
	t.seq++
	t.local = t.seq
	e.seq, e.seen, e.learned = t.seq, false, false
	t.log = append(t.log, stamp{t.seq, i})
	if len(t.log) > 2*len(t.entries)+logSlack {
		t.compact()
	}
}

// reserve makes room for so many customers at once.
func (t *table) reserve(customers int) {
	t.entries = slices.Grow(t.entries, max(0, customers-len(t.entries)))
	t.truth = slices.Grow(t.truth, max(0, customers-len(t.truth)))
	t.log = slices.Grow(t.log, max(0, customers+logSlack-len(t.log)))
	own := &t.books[0].slots
	*own = slices.Grow(*own, max(0, customers-len(*own)))
}

// learn overwrites an entry with what another process says of it. One that was
// changed here keeps its number: nobody is told that it is another value now.
func (t *table) learn(generation string, customer, value uint32) {
	b := t.bookOf(generation)
	i, ok := t.find(b, customer)
	if !ok {
		i = t.enter(b, customer)
		t.seq++
		t.entries[i].seq = t.seq + learnedOffset
		t.entries[i].learned = true
		t.learned = append(t.learned, i)
	}
	t.entries[i].value = value
}

// purge forgets a key of this generation, whether it was sent or not.
func (t *table) purge(customer uint32) {
	if i, ok := t.find(0, customer); ok {
		t.entries[i].dead = true
		t.books[0].slots[customer] = 0
	}
}

func (t *table) clear() {
	for i := range t.entries {
		t.entries[i].dead = true
	}
	for i := range t.books {
		t.books[i].slots = nil
	}
	t.learned = nil
}

func (t *table) find(b int, customer uint32) (i uint32, ok bool) {
	slots := t.books[b].slots
	if int(customer) >= len(slots) || slots[customer] == 0 {
		return 0, false
	}
	return slots[customer] - 1, true
}

func (t *table) enter(b int, customer uint32) uint32 {
	slots := &t.books[b].slots
	for int(customer) >= len(*slots) {
		*slots = append(*slots, 0)
	}
	t.entries = append(t.entries, entry{customer: customer, book: uint16(b)})
	(*slots)[customer] = uint32(len(t.entries))
	return uint32(len(t.entries) - 1)
}

func (t *table) bookOf(generation string) int {
	for i := range t.books {
		if t.books[i].generation == generation {
			return i
		}
	}
	t.books = append(t.books, book{generation: generation})
	return len(t.books) - 1
}

// after returns the changes made here that are newer than seq, stale ones among them.
func (t *table) after(seq uint64) []stamp {
	return t.log[sort.Search(len(t.log), func(i int) bool { return t.log[i].seq > seq }):]
}

func (t *table) stale(s stamp) bool {
	e := &t.entries[s.entry]
	return e.dead || e.seq != s.seq
}

func (t *table) compact() {
	kept := t.log[:0]
	for _, s := range t.log {
		if !t.stale(s) {
			kept = append(kept, s)
		}
	}
	t.log = kept
}
