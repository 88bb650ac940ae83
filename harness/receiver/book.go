package receiver

import (
	"sync"
)

// Arrival is one request that arrived.
type Arrival struct {
	Seq uint64 // its sequence id
	At  int64  // when, in nanoseconds since 1970 on this machine's clock
}

// Totals are the sums over everything that arrived.
type Totals struct {
	Arrived  uint64 `json:"arrived"`  // requests
	Repeated uint64 `json:"repeated"` // of them with an id that had its receipt already
	Strange  uint64 `json:"strange"`  // of them without a sequence id
	Dropped  uint64 `json:"dropped"`  // of them without a receipt, as their id is too large
}

// Span is a range of sequence ids, both ends included.
type Span struct{ First, Last uint64 }

// book keeps one bit for each sequence id below a limit, and the last arrivals in a
// ring. Its memory is bounded by what it was made for.
type book struct {
	mu     sync.Mutex
	totals Totals
	bits   []uint64
	ring   []Arrival
	count  uint64 // arrivals that went into the ring, of which it has the last
}

func newBook(receipts, arrivals int) *book {
	return &book{bits: make([]uint64, (receipts+63)/64), ring: make([]Arrival, arrivals)}
}

// note counts a request and keeps its receipt and its arrival.
func (b *book) note(r *request, at int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.totals.Arrived++
	if !r.known {
		b.totals.Strange++
		return
	}
	b.ring[b.count%uint64(len(b.ring))] = Arrival{r.seq, at}
	b.count++
	word, bit := r.seq/64, uint64(1)<<(r.seq%64)
	switch {
	case word >= uint64(len(b.bits)):
		b.totals.Dropped++
	case b.bits[word]&bit != 0:
		b.totals.Repeated++
	default:
		b.bits[word] |= bit
	}
}

func (b *book) sums() Totals {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.totals
}

// kept returns a copy of the ring's arrivals with the first one's number: how many
// came before it.
func (b *book) kept() (arrivals []Arrival, first uint64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	size := uint64(len(b.ring))
	if b.count <= size {
		return append(arrivals, b.ring[:b.count]...), 0
	}
	cut := b.count % size
	arrivals = append(make([]Arrival, 0, size), b.ring[cut:]...)
	return append(arrivals, b.ring[:cut]...), b.count - size
}

// span returns the first stretch of ids from the given one on that have a receipt.
// Its cost is that of the ids that it looks at, so that nobody waits for a look at
// all of them.
func (b *book) span(from uint64) (Span, bool) {
	first, ok := b.seek(from, true)
	if !ok {
		return Span{}, false
	}
	end, ok := b.seek(first, false)
	if !ok {
		end = uint64(len(b.bits)) * 64
	}
	return Span{first, end - 1}, true
}

// seek returns the first id from the given one on that has a receipt, or has none.
func (b *book) seek(from uint64, there bool) (uint64, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for id := from; id/64 < uint64(len(b.bits)); {
		word := b.bits[id/64]
		if !there {
			word = ^word
		}
		if word >>= id % 64; word == 0 {
			id = (id/64 + 1) * 64
			continue
		}
		for ; word&1 == 0; word >>= 1 {
			id++
		}
		return id, true
	}
	return 0, false
}

// forget drops everything.
func (b *book) forget() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.totals, b.count = Totals{}, 0
	clear(b.bits)
}
