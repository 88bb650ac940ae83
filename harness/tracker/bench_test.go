package tracker

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"runtime"
	"testing"

	"github.com/haproof/haproof/harness/harnesstest/handpeer"
	"github.com/haproof/haproof/harness/peers"
)

// BenchmarkCount is the arithmetic alone: 50 customers, every update a growth.
func BenchmarkCount(b *testing.B) {
	c := NewCounts()
	from := &Session{Source: "proxy1", Table: "quota", Number: 1}
	keys := benchKeys(50)
	b.ReportAllocs()
	for i := range b.N {
		c.Count(Observation{Session: from, Key: keys[i%len(keys)], Value: uint32(i / len(keys))})
	}
}

// BenchmarkDecodeAndCount is everything between a socket and a total, with 100,000
// customers in random order: decoder, feed, counts. What changes is taken once per
// million updates, as commits under load do.
func BenchmarkDecodeAndCount(b *testing.B) {
	for _, sources := range []int{1, 64} {
		b.Run(fmt.Sprintf("sources=%d", sources), func(b *testing.B) { benchDecodeAndCount(b, sources) })
	}
}

func benchDecodeAndCount(b *testing.B, sources int) {
	const customers = 100_000
	s := &Server{keeper: newKeeper(Config{}), sources: make(map[string]*source)}
	feeds := make([]*stream, sources)
	for i := range feeds {
		feeds[i] = newStream(s, i, customers/sources*4, customers)
	}
	var batch Batch
	b.ReportAllocs()
	b.ResetTimer()
	for done, taken := 0, 0; done < b.N; {
		for _, f := range feeds {
			done += f.read(64<<10, b)
		}
		if done > taken+1_000_000 {
			taken = done
			s.keeper.counts.Take(&batch, s.keeper.now())
		}
	}
}

// stream is a session whose bytes are there already.
type stream struct {
	feed    *feed
	decoder peers.Decoder
	bytes   []byte
	rest    []byte
	round   uint32 // added to what the bytes say, so that everything grows each time
}

// newStream encodes the updates of as many random customers.
func newStream(s *Server, number, updates, customers int) *stream {
	random := rand.New(rand.NewPCG(1, uint64(number)))
	name := fmt.Sprintf("proxy%d", number)
	f := &feed{
		server: s, ctx: context.Background(), name: name, source: &source{}, slot: notCounted,
		counted: &Session{Source: name, Table: "quota", Number: uint32(number + 1)},
	}
	f.open()
	st := &stream{feed: f, bytes: quota.AppendTo(nil)}
	for i := range updates {
		key := fmt.Sprintf("c%06d|%d", random.IntN(customers), 1763683530000+number)
		u := peers.Update{Table: &quota, ID: uint32(i), Incremental: i > 0, Key: []byte(key), Values: []uint64{uint64(1 + i/customers)}}
		st.bytes = u.AppendTo(st.bytes)
	}
	return st
}

// read decodes and counts as much as one read of a socket yields, and returns how
// many updates that were.
func (st *stream) read(size int, tb testing.TB) (updates int) {
	if len(st.rest) == 0 {
		st.rest = st.bytes
		st.round++
	}
	part := st.rest[:min(size, len(st.rest))]
	used := 0
	for {
		m, n, err := st.decoder.Next(part[used:])
		if err != nil {
			tb.Fatal(err)
		}
		if n == 0 {
			break
		}
		used += n
		if m.Kind == peers.KindUpdate {
			m.Update.Values[0] += uint64(st.round)
			st.feed.Update(m.Update)
			updates++
		}
	}
	st.rest = st.rest[used:]
	st.feed.apply()
	return updates
}

func TestCountingAllocatesNothing(t *testing.T) {
	s := &Server{keeper: newKeeper(Config{}), sources: make(map[string]*source)}
	st := newStream(s, 0, 20_000, 1000)
	var batch Batch
	round := func() {
		for range 10 {
			st.read(64<<10, t)
		}
		s.keeper.counts.Take(&batch, s.keeper.now())
	}
	for range 10 {
		round()
	}
	updates := float64(0)
	allocations := testing.AllocsPerRun(100, func() {
		before := s.keeper.counts.customers.total
		round()
		if s.keeper.counts.customers.total > before {
			updates += 10_000
		}
	})
	if allocations > 2 { // the image of a book, once per Take
		t.Errorf("%v allocations for some 20,000 updates, want none but those of the batch", allocations)
	}
	if updates == 0 {
		t.Error("nothing was counted")
	}
}

// BenchmarkMemory reports the bytes per key, customers included.
func BenchmarkMemory(b *testing.B) {
	for _, size := range []struct{ sources, customers int }{{1, 10_000_000}, {100, 100_000}} {
		b.Run(fmt.Sprintf("sources=%d/customers=%d", size.sources, size.customers), func(b *testing.B) {
			for b.Loop() {
				before := inUse()
				c := fill(size.sources, size.customers)
				keys := float64(size.sources * size.customers)
				b.ReportMetric(float64(inUse()-before)/keys, "B/key")
				b.ReportMetric(float64(c.statistics().Memory)/keys, "estimated-B/key")
			}
		})
	}
}

func TestKeyTakesAtMost200Bytes(t *testing.T) {
	for _, size := range []struct{ sources, customers int }{{1, 200_000}, {50, 10_000}} {
		before := inUse()
		c := fill(size.sources, size.customers)
		keys := uint64(size.sources * size.customers)
		took := inUse() - before
		if took > 200*keys {
			t.Errorf("%+v: %d bytes for %d keys", size, took, keys)
		}
		if estimate := c.statistics().Memory; estimate > 2*took || took > 2*estimate {
			t.Errorf("%+v: estimated %d bytes, it took %d", size, estimate, took)
		}
	}
}

// fill counts every customer once in every source, and takes it.
func fill(sources, customers int) *Counts {
	c := NewCounts()
	var key []byte
	for n := range sources {
		from := &Session{Source: fmt.Sprint(n), Table: "quota", Number: uint32(n + 1)}
		for i := range customers {
			key = fmt.Appendf(key[:0], "customer%08d|1763683530123", i)
			c.Count(Observation{Session: from, Key: key, Value: 1})
		}
		c.Take(new(Batch), c.now)
	}
	c.entries, c.customers.grown = nil, nil
	return c
}

// inUse is the memory in use after a collection, in bytes.
func inUse() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// BenchmarkRestore is the start of a tracker, per entry, without its store.
func BenchmarkRestore(b *testing.B) {
	const customers = 100_000
	c := NewCounts()
	for i := range uint32(customers) {
		if err := c.RestoreCustomer(i, fmt.Sprintf("customer%08d", i)); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportAllocs()
	b.ResetTimer()
	for i := range b.N {
		book := uint32(i / customers)
		if i%customers == 0 {
			if err := c.RestoreBook(BookState{ID: book, Source: "p", Table: "quota", Generation: fmt.Sprint(book)}); err != nil {
				b.Fatal(err)
			}
		}
		if err := c.RestoreEntry(EntryState{Book: book, Customer: uint32(i % customers), Last: 1}); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkServer is the whole way of an update: loopback, decoder, session, counts.
// The peer waits for the acknowledgement of the last one.
func BenchmarkServer(b *testing.B) {
	s, err := New(b.Context(), Config{Name: "tracker", Listen: "127.0.0.1:0"})
	if err != nil {
		b.Fatal(err)
	}
	run(b, s)
	conn, err := net.Dial("tcp", s.PeersAddr().String())
	if err != nil {
		b.Fatal(err)
	}
	p := handpeer.Greet(b, conn, "proxy1", 1)
	p.Write(quota.AppendTo(nil))
	keys := benchKeys(50)
	var batch []byte
	b.ReportAllocs()
	b.ResetTimer()
	for i := range b.N {
		u := peers.Update{Table: &quota, ID: uint32(i + 1), Key: keys[i%len(keys)], Values: []uint64{uint64(i / len(keys))}}
		if batch = u.AppendTo(batch); len(batch) > 32<<10 || i == b.N-1 {
			p.Write(batch)
			batch = batch[:0]
		}
	}
	for ack := range p.Acks {
		if ack.ID == uint32(b.N) {
			return
		}
	}
	b.Error("session ended before the last acknowledgement")
}

func benchKeys(n int) [][]byte {
	keys := make([][]byte, n)
	for i := range keys {
		keys[i] = fmt.Appendf(nil, "c%04d|1763683530123", i)
	}
	return keys
}
