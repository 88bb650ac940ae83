package store

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/haproof/haproof/harness/tracker"
)

type place2 struct{ book, customer uint32 }

type slot struct {
	customer uint32
	hour     tracker.Hour
}

type line struct {
	source, generation string
	seq                uint64
	closed             bool
}

// model is a store as simple as can be.
type model struct {
	names   []string
	books   map[uint32]tracker.BookState
	entries map[place2]tracker.EntryState
	usage   map[slot]uint64
	marks   map[line]tracker.DrainMark
}

func newModel() *model {
	return &model{
		books: map[uint32]tracker.BookState{}, entries: map[place2]tracker.EntryState{},
		usage: map[slot]uint64{}, marks: map[line]tracker.DrainMark{},
	}
}

func (m *model) apply(b *tracker.Batch) {
	m.names = append(m.names[:b.FirstCustomer], b.Customers...)
	for _, e := range b.Entries {
		m.entries[place2{e.Book, e.Customer}] = e
	}
	for _, id := range b.Dropped {
		delete(m.books, id)
		maps.DeleteFunc(m.entries, func(p place2, _ tracker.EntryState) bool { return p.book == id })
	}
	for _, k := range b.Books {
		m.books[k.ID] = k
	}
	for _, g := range b.Growth {
		m.usage[slot{g.Customer, g.Hour}] += g.N
	}
	for _, d := range b.Drained {
		if d.Closed {
			maps.DeleteFunc(m.marks, func(l line, _ tracker.DrainMark) bool {
				return l.source == d.Source && l.generation == d.Generation && !l.closed
			})
		}
		key := line{d.Source, d.Generation, d.Seq, d.Closed}
		if _, ok := m.marks[key]; !ok {
			m.marks[key] = d
		}
	}
}

// content is what a store holds, in order.
type content struct {
	Names   []string
	Books   []tracker.BookState
	Entries []tracker.EntryState
	Marks   []tracker.DrainMark
}

func (c *content) RestoreCustomer(id uint32, name string) error {
	if int(id) != len(c.Names) {
		return fmt.Errorf("customer %d after %d", id, len(c.Names))
	}
	c.Names = append(c.Names, name)
	return nil
}

func (c *content) RestoreBook(b tracker.BookState) error {
	c.Books = append(c.Books, b)
	return nil
}

func (c *content) RestoreEntry(e tracker.EntryState) error {
	c.Entries = append(c.Entries, e)
	return nil
}

func (c *content) RestoreMark(m tracker.DrainMark) error {
	c.Marks = append(c.Marks, m)
	return nil
}

func (c *content) sort() *content {
	slices.SortFunc(c.Books, func(a, b tracker.BookState) int { return cmp.Compare(a.ID, b.ID) })
	slices.SortFunc(c.Entries, func(a, b tracker.EntryState) int {
		return cmp.Or(cmp.Compare(a.Book, b.Book), cmp.Compare(a.Customer, b.Customer))
	})
	slices.SortFunc(c.Marks, func(a, b tracker.DrainMark) int {
		return cmp.Or(cmp.Compare(a.Source, b.Source), cmp.Compare(a.Generation, b.Generation), cmp.Compare(a.Seq, b.Seq))
	})
	return c
}

func (m *model) content() *content {
	return (&content{
		Names: slices.Clone(m.names), Books: slices.Collect(maps.Values(m.books)),
		Entries: slices.Collect(maps.Values(m.entries)), Marks: slices.Collect(maps.Values(m.marks)),
	}).sort()
}

func (m *model) growth(q tracker.UsageQuery) []tracker.Growth {
	var all []tracker.Growth
	for s, n := range m.usage {
		if s.hour < q.From || s.hour >= q.To || q.Customers != nil && !slices.Contains(q.Customers, s.customer) {
			continue
		}
		all = append(all, tracker.Growth{Customer: s.customer, Hour: s.hour, N: n})
	}
	slices.SortFunc(all, func(a, b tracker.Growth) int {
		return cmp.Or(cmp.Compare(a.Customer, b.Customer), cmp.Compare(a.Hour, b.Hour))
	})
	return all
}

// script makes up batches, always the same ones for a seed, and the model of what
// is stored after them.
type script struct {
	*model
	rng    *rand.Rand
	n      int // batches so far
	next   uint32
	now    time.Time
	custs  int // customers at most
	size   int // entries of a batch at most
	drains uint64
}

var firstDay = time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)

func newScript(seed uint64) *script {
	rng := rand.New(rand.NewPCG(seed, 7))
	return &script{model: newModel(), rng: rng, now: firstDay, custs: 1 + rng.IntN(1500), size: 1 + rng.IntN(200)}
}

// batch is the next one; the model has it already when it returns.
func (s *script) batch() *tracker.Batch {
	s.n++
	s.now = s.now.Add(time.Duration(s.rng.IntN(20*60_000)) * time.Millisecond)
	b := &tracker.Batch{At: s.now, FirstCustomer: uint32(len(s.names))}
	if s.n == 1 || s.rng.IntN(10) == 0 {
		s.openBook(b, tracker.BookTable, fmt.Sprint(1700000000000+int64(s.next)))
	}
	for n := s.rng.IntN(20); n > 0 && len(s.names)+len(b.Customers) < s.custs; n-- {
		b.Customers = append(b.Customers, s.name(len(s.names)+len(b.Customers)))
	}
	if customers := len(s.names) + len(b.Customers); customers > 0 {
		s.count(b, customers)
	}
	if s.rng.IntN(12) == 0 {
		s.retire(b)
	}
	s.drain(b)
	if b.Empty() {
		s.openBook(b, tracker.BookTable, "idle")
	}
	s.apply(b)
	return b
}

func (s *script) name(n int) string {
	switch n % 7 {
	case 3:
		return fmt.Sprintf("wild %% \x00\xff é '%d", n)
	case 5:
		return fmt.Sprintf("%%%02d%d", n%100, n)
	}
	return fmt.Sprintf("customer-%d", n)
}

func (s *script) openBook(b *tracker.Batch, kind tracker.BookKind, generation string) tracker.BookState {
	k := tracker.BookState{
		ID: s.next, Source: fmt.Sprintf("edge%d\xfe", s.next%3), Table: "quota", Generation: generation,
		Kind: kind, Live: s.next%2 == 0, Touched: s.now.Truncate(time.Hour),
	}
	s.next++
	b.Books = append(b.Books, k)
	return k
}

// count grows entries, some of them in an hour that is over.
func (s *script) count(b *tracker.Batch, customers int) {
	books := slices.Sorted(maps.Keys(s.books))
	for _, k := range b.Books {
		books = append(books, k.ID)
	}
	changed := map[place2]tracker.EntryState{}
	grown := map[slot]uint64{}
	for n := s.rng.IntN(s.size); n > 0 && len(books) > 0; n-- {
		p := place2{books[s.rng.IntN(len(books))], uint32(s.rng.IntN(customers))}
		e, ok := changed[p]
		if !ok {
			e = s.entries[p]
		}
		e.Book, e.Customer = p.book, p.customer
		by := uint64(s.rng.IntN(300))
		if s.rng.IntN(20) == 0 { // began again
			e.Base, e.Last = e.Base+uint64(e.Last), uint32(by)
		} else {
			e.Last += uint32(by)
		}
		changed[p] = e
		hour := tracker.HourOf(s.now)
		if s.rng.IntN(30) == 0 {
			hour -= tracker.Hour(s.rng.IntN(5))
		}
		if by > 0 {
			grown[slot{p.customer, hour}] += by
		}
	}
	for _, e := range changed {
		b.Entries = append(b.Entries, e)
	}
	for g, n := range grown {
		b.Growth = append(b.Growth, tracker.Growth{Customer: g.customer, Hour: g.hour, N: n})
	}
	// In any order, but the same one each time.
	slices.SortFunc(b.Entries, func(x, y tracker.EntryState) int {
		return cmp.Or(cmp.Compare(x.Last, y.Last), cmp.Compare(x.Book, y.Book), cmp.Compare(x.Customer, y.Customer))
	})
	slices.SortFunc(b.Growth, func(x, y tracker.Growth) int {
		return cmp.Or(cmp.Compare(x.N, y.N), cmp.Compare(x.Customer, y.Customer), cmp.Compare(x.Hour, y.Hour))
	})
}

// retire drops a book and adds what it has to another one.
func (s *script) retire(b *tracker.Batch) {
	var tables []uint32
	for id, k := range s.books {
		if k.Kind == tracker.BookTable {
			tables = append(tables, id)
		}
	}
	if len(tables) == 0 {
		return
	}
	slices.Sort(tables)
	gone := tables[s.rng.IntN(len(tables))]
	to := s.openBook(b, tracker.BookRetired, "")
	sum := map[uint32]uint64{}
	for p, e := range s.entries {
		if p.book == gone {
			sum[p.customer] = e.Base + uint64(e.Last)
		}
	}
	b.Entries = slices.DeleteFunc(b.Entries, func(e tracker.EntryState) bool {
		if e.Book == gone {
			sum[e.Customer] = e.Base + uint64(e.Last)
		}
		return e.Book == gone
	})
	for _, c := range slices.Sorted(maps.Keys(sum)) {
		b.Entries = append(b.Entries, tracker.EntryState{Book: to.ID, Customer: c, Base: sum[c]})
	}
	b.Dropped = append(b.Dropped, gone)
	s.openBook(b, tracker.BookClosed, s.books[gone].Generation)
}

func (s *script) drain(b *tracker.Batch) {
	for n := s.rng.IntN(4); n > 0; n-- {
		s.drains++
		b.Drained = append(b.Drained, tracker.DrainMark{Source: "edge\xff", Generation: fmt.Sprint(s.drains / 12), Seq: s.drains<<40 | 1<<63, At: s.now})
	}
	if s.drains > 24 && s.rng.IntN(9) == 0 {
		b.Drained = append(b.Drained, tracker.DrainMark{Source: "edge\xff", Generation: fmt.Sprint(s.drains/12 - 2), Closed: true, At: s.now})
	}
}

// mustHold compares all that a store holds with the model.
func mustHold(t *testing.T, s *Store, want *model) {
	t.Helper()
	var got content
	if err := s.Load(context.Background(), &got); err != nil {
		t.Fatal(err)
	}
	if wanted := want.content(); !reflect.DeepEqual(wanted, got.sort()) {
		if diff := gocmp.Diff(wanted, &got, equateEmpty); diff != "" {
			t.Fatalf("content (-want +got):\n%s", diff)
		}
	}
	q := tracker.UsageQuery{From: tracker.FirstHour, To: tracker.LastHour}
	if wanted, got := want.growth(q), usageOf(t, s, q); !slices.Equal(wanted, got) {
		t.Fatalf("usage (-want +got):\n%s", gocmp.Diff(wanted, got))
	}
}

var equateEmpty = gocmp.FilterValues(func(a, b any) bool {
	return isEmpty(a) && isEmpty(b)
}, gocmp.Ignore())

func isEmpty(v any) bool {
	switch v := v.(type) {
	case []string:
		return len(v) == 0
	case []tracker.BookState:
		return len(v) == 0
	case []tracker.EntryState:
		return len(v) == 0
	case []tracker.DrainMark:
		return len(v) == 0
	case []tracker.Growth:
		return len(v) == 0
	}
	return false
}

func usageOf(t *testing.T, s *Store, q tracker.UsageQuery) []tracker.Growth {
	t.Helper()
	var got []tracker.Growth
	err := s.Usage(context.Background(), q, func(g tracker.Growth) error {
		got = append(got, g)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return got
}
