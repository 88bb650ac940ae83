package store

import (
	"bytes"
	"cmp"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/haproof/haproof/harness/tracker"
)

func packed(t testing.TB, seq int64, b *tracker.Batch) []byte {
	t.Helper()
	var p packer
	body, states, err := p.pack(seq, b)
	if err != nil || states != len(b.Entries)+len(b.Growth) {
		t.Fatalf("%d states, %v", states, err)
	}
	return body
}

// cellsOf lists the cells of a section.
func cellsOf(t testing.TB, section []byte) (list []tracker.EntryState) {
	t.Helper()
	c := cursor{d: decoder{b: section}}
	for c.next() {
		list = append(list, tracker.EntryState{Book: c.group, Customer: c.customer, Base: c.base, Last: c.last})
	}
	if c.d.bad {
		t.Fatal("malformed cells")
	}
	return list
}

func TestRowHoldsTheBatchInOrder(t *testing.T) {
	b := &tracker.Batch{
		At: time.UnixMilli(1_700_000_000_123).UTC(), FirstCustomer: 7, Customers: []string{"", "a\x00\xff"},
		Books:   []tracker.BookState{{ID: 1<<32 - 1, Source: "s", Table: "t", Generation: "g", Kind: tracker.BookLog, Live: true, Touched: firstDay}},
		Dropped: []uint32{3, 1},
		Drained: []tracker.DrainMark{{Source: "s", Generation: "g", Seq: math.MaxUint64, Closed: true, At: firstDay}},
		Entries: []tracker.EntryState{
			{Book: 9, Customer: 1<<32 - 1, Base: math.MaxUint64, Last: math.MaxUint32}, {Book: 2, Customer: 5}, {Book: 9, Customer: 0, Last: 1}, {Book: 2, Customer: 4, Base: 1},
		},
		Growth: []tracker.Growth{{Customer: 1, Hour: maxHour, N: math.MaxInt64}, {Customer: 2, Hour: 0, N: 1}},
	}
	r, err := parseRow(5, packed(t, 5, b))
	if err != nil {
		t.Fatal(err)
	}
	got := tracker.Batch{At: r.at, FirstCustomer: r.firstCustomer, Customers: r.customers, Books: r.books, Dropped: r.dropped, Drained: r.marks}
	want := tracker.Batch{At: b.At, FirstCustomer: b.FirstCustomer, Customers: b.Customers, Books: b.Books, Dropped: b.Dropped, Drained: b.Drained}
	if diff := gocmp.Diff(want, got, gocmp.AllowUnexported(tracker.Batch{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	entries := []tracker.EntryState{b.Entries[3], b.Entries[1], b.Entries[2], b.Entries[0]}
	if diff := gocmp.Diff(entries, cellsOf(t, r.entries)); diff != "" {
		t.Errorf("entries (-want +got):\n%s", diff)
	}
	growth := []tracker.EntryState{{Book: 0, Customer: 2, Base: 1}, {Book: uint32(maxHour), Customer: 1, Base: math.MaxInt64}}
	if diff := gocmp.Diff(growth, cellsOf(t, r.growth)); diff != "" {
		t.Errorf("growth (-want +got):\n%s", diff)
	}
}

func TestEveryPrefixAndEveryFlippedBitOfARowFails(t *testing.T) {
	body := packed(t, 9, newScript(2).batch())
	for n := range body {
		if _, err := parseRow(9, body[:n]); err == nil {
			t.Fatalf("a row of %d bytes was read from %d of them", len(body), n)
		}
		broken := bytes.Clone(body)
		broken[n] ^= 1 << (n % 8)
		if _, err := parseRow(9, broken); err == nil {
			t.Fatalf("byte %d was changed", n)
		}
	}
	if _, err := parseRow(8, body); err == nil {
		t.Error("row 9 was read as row 8")
	}
}

// What has the right checksum may still be nonsense.
func TestPrefixesWithARightChecksumDoNotPanic(t *testing.T) {
	whole := packed(t, 9, newScript(2).batch())
	whole = whole[:len(whole)-sumSize]
	for n := range whole {
		if _, err := parseRow(9, seal(bytes.Clone(whole[:n]), 0, 9)); err == nil {
			t.Fatalf("a row of %d bytes was read from %d of them", len(whole), n)
		}
	}
}

func FuzzRow(f *testing.F) {
	sc := newScript(3)
	for range 5 {
		body := packed(f, 1, sc.batch())
		f.Add(body[:len(body)-sumSize])
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		r, err := parseRow(1, seal(bytes.Clone(body), 0, 1))
		if err != nil {
			var d *Damage
			if !errors.As(err, &d) {
				t.Fatalf("%v is no damage", err)
			}
			return
		}
		for _, section := range [][]byte{r.entries, r.growth} {
			m, err := newMerger([][]byte{section, section}, true, nil)
			for err == nil {
				var w *window
				if w, err = m.next(); w == nil {
					break
				}
			}
		}
	})
}

func FuzzBlock(f *testing.F) {
	var c cells
	c[0], c[5], c[blockSize-1] = cell{1, 2, 1}, cell{0, 0, 1}, cell{math.MaxUint64, math.MaxUint32, 1}
	body := appendBlock(nil, 3, &c)
	f.Add(body[:len(body)-sumSize])
	f.Fuzz(func(t *testing.T, body []byte) {
		_ = eachCell(3, seal(bytes.Clone(body), 0, 3), func(i uint32, _ uint64, _ uint32) {
			if i >= blockSize {
				t.Fatalf("cell %d", i)
			}
		})
		if names, err := parseNames(3, seal(bytes.Clone(body), 0, 3)); err == nil && len(names) > blockSize {
			t.Fatalf("%d names", len(names))
		}
	})
}

func TestBlockHoldsWhatWasPut(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 3))
	for range 200 {
		var want, got cells
		for i := range want {
			if rng.IntN(4) == 0 {
				want[i] = cell{rng.Uint64() >> rng.IntN(65), rng.Uint32() >> rng.IntN(33), 1}
			}
		}
		id := rng.Int64N(1 << 54)
		body := appendBlock([]byte("before"), id, &want)[6:]
		err := eachCell(id, body, func(i uint32, base uint64, last uint32) { got[i] = cell{base, last, 1} })
		if err != nil || got != want {
			t.Fatalf("%v: got %v, want %v", err, got, want)
		}
		for n := range body {
			if eachCell(id, body[:n], func(uint32, uint64, uint32) {}) == nil {
				t.Fatalf("a block of %d bytes was read from %d of them", len(body), n)
			}
		}
		if eachCell(id+1, body, func(uint32, uint64, uint32) {}) == nil {
			t.Fatal("a block was read in another's place")
		}
	}
}

func TestSorterIsStable(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 4))
	var s sorter
	for _, n := range []int{0, 1, 2, fewStates - 1, fewStates, 5000} {
		for _, width := range []int{1, 10, 1 << 12, 1 << 32} {
			states := make([]tracker.EntryState, n)
			for i := range states {
				states[i] = tracker.EntryState{Book: uint32(rng.IntN(width)), Customer: uint32(rng.IntN(width)), Base: uint64(i)}
			}
			var got []tracker.EntryState
			for _, r := range s.sort(states) {
				got = append(got, states[r.index])
			}
			slices.SortStableFunc(states, func(a, b tracker.EntryState) int {
				return cmp.Compare(place(a.Book, a.Customer), place(b.Book, b.Customer))
			})
			if !slices.Equal(states, got) {
				t.Errorf("%d states of width %d are out of order", n, width)
			}
		}
	}
}

func TestWideKeysAreSortedToo(t *testing.T) {
	var s sorter
	states := []tracker.EntryState{{Book: 1<<32 - 1, Customer: 1<<32 - 1}, {Book: 0, Customer: 0}, {Book: 1<<32 - 1, Customer: 0}}
	refs := s.sort(states)
	if refs[0].index != 1 || refs[1].index != 2 || refs[2].index != 0 {
		t.Errorf("%v", refs)
	}
}

func TestNamesOfARowAreBoundToIt(t *testing.T) {
	names := []string{"", "a", "\x00\xff", "longer than the others"}
	body := appendNames(nil, 4, names)
	got, err := parseNames(4, body)
	if err != nil || !slices.Equal(got, names) {
		t.Errorf("%q, %v", got, err)
	}
	if _, err := parseNames(5, body); err == nil {
		t.Error("names were read in another row's place")
	}
	for n := range body {
		if _, err := parseNames(4, body[:n]); err == nil {
			t.Errorf("names were read from %d of %d bytes", n, len(body))
		}
	}
}
