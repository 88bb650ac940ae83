package store

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"runtime"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/haproof/haproof/harness/harnesstest/realtest"
	"github.com/haproof/haproof/harness/tracker"
)

// cpuTime is what this process has used, the server of PostgreSQL left out.
func cpuTime(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// crowd makes batches of random entries.
type crowd struct {
	rng              *rand.Rand
	books, customers int
	last             []uint32 // by book and customer
	entries          map[uint64]int
	growth           map[uint32]int
	hour             tracker.Hour
}

func newCrowd(books, customers int) *crowd {
	return &crowd{
		rng: rand.New(rand.NewPCG(1, 1)), books: books, customers: customers, last: make([]uint32, books*customers),
		entries: map[uint64]int{}, growth: map[uint32]int{}, hour: tracker.HourOf(time.Now()),
	}
}

// first returns batches that fill the store with every key.
func (c *crowd) fill(commit func(*tracker.Batch)) {
	const part = 100_000
	for from := 0; from < c.customers; from += part {
		n := min(part, c.customers-from)
		b := &tracker.Batch{FirstCustomer: uint32(from), At: c.hour.Time()}
		for i := range n {
			b.Customers = append(b.Customers, fmt.Sprintf("customer-%07d", from+i))
		}
		commit(b)
	}
	for book := range c.books {
		for from := 0; from < c.customers; from += part {
			b := &tracker.Batch{FirstCustomer: uint32(c.customers), At: c.hour.Time()}
			if from == 0 {
				b.Books = []tracker.BookState{{ID: uint32(book), Source: fmt.Sprint("edge", book), Table: "quota", Generation: "1700000000000"}}
			}
			for i := range min(part, c.customers-from) {
				n := uint32(c.rng.IntN(20_000))
				c.last[book*c.customers+from+i] = n
				b.Entries = append(b.Entries, tracker.EntryState{Book: uint32(book), Customer: uint32(from + i), Last: n})
				b.Growth = append(b.Growth, tracker.Growth{Customer: uint32(from + i), Hour: c.hour, N: uint64(n)})
			}
			commit(b)
		}
	}
}

// batch fills b with n updates, as they would be taken from Counts.
func (c *crowd) batch(b *tracker.Batch, n int) {
	clear(c.entries)
	clear(c.growth)
	*b = tracker.Batch{At: time.Now(), FirstCustomer: uint32(c.customers), Entries: b.Entries[:0], Growth: b.Growth[:0]}
	for range n {
		book, customer := uint32(c.rng.IntN(c.books)), uint32(c.rng.IntN(c.customers))
		at := int(book)*c.customers + int(customer)
		c.last[at]++
		if i, ok := c.entries[place(book, customer)]; ok {
			b.Entries[i].Last++
		} else {
			c.entries[place(book, customer)] = len(b.Entries)
			b.Entries = append(b.Entries, tracker.EntryState{Book: book, Customer: customer, Last: c.last[at]})
		}
		if i, ok := c.growth[customer]; ok {
			b.Growth[i].N++
		} else {
			c.growth[customer] = len(b.Growth)
			b.Growth = append(b.Growth, tracker.Growth{Customer: customer, Hour: c.hour, N: 1})
		}
	}
}

func benchURLs(b *testing.B, run func(b *testing.B, url string)) {
	b.Run("sqlite", func(b *testing.B) { run(b, filepath.Join(b.TempDir(), "tracker.db")) })
	b.Run("postgres", func(b *testing.B) { run(b, realtest.ThePostgres(b).NewSchema(b)) })
}

func benchOpen(b *testing.B, url string, with settings) *Store {
	b.Helper()
	s, err := open(context.Background(), url, options, with)
	if err != nil {
		b.Fatal(err)
	}
	return s
}

func benchCommit(b *testing.B, s *Store) func(*tracker.Batch) {
	return func(batch *tracker.Batch) {
		if err := s.Commit(context.Background(), batch); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkCommit commits 10,000 entries and as many growths, without folding.
func BenchmarkCommit(b *testing.B) {
	benchURLs(b, func(b *testing.B, url string) {
		s, c := benchOpen(b, url, never), newCrowd(64, 100_000)
		defer crash(s)
		commit := benchCommit(b, s)
		batches := make([]tracker.Batch, 8)
		for i := range batches {
			c.batch(&batches[i], 10_000)
		}
		b.ResetTimer()
		begin, n := cpuTime(b), 0
		for i := 0; b.Loop(); i++ {
			commit(&batches[i%len(batches)])
			n += len(batches[i%len(batches)].Entries)
		}
		b.ReportMetric(float64(cpuTime(b)-begin)/float64(n), "cpu-ns/entry")
		b.ReportMetric(float64(b.Elapsed())/float64(n), "ns/entry")
	})
}

// BenchmarkSustained commits 8 million updates of 6.4 million keys in batches of
// 20,000, with folding, on one core.
func BenchmarkSustained(b *testing.B) {
	benchURLs(b, func(b *testing.B, url string) {
		s, c := benchOpen(b, url, usual), newCrowd(64, 100_000)
		commit := benchCommit(b, s)
		c.fill(commit)
		if err := s.fold(context.Background(), s.step); err != nil {
			b.Fatal(err)
		}
		batches := make([]tracker.Batch, 50)
		var took []time.Duration
		b.ResetTimer()
		b.StopTimer()
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
		n, used := 0, time.Duration(0)
		for range b.N {
			for range 8 {
				for i := range batches {
					c.batch(&batches[i], 20_000)
				}
				b.StartTimer()
				begin := cpuTime(b)
				for i := range batches {
					at := time.Now()
					commit(&batches[i])
					took = append(took, time.Since(at))
					n += len(batches[i].Entries)
				}
				used += cpuTime(b) - begin
				b.StopTimer()
			}
			begin := cpuTime(b)
			b.StartTimer()
			if err := s.fold(context.Background(), s.step); err != nil {
				b.Fatal(err)
			}
			b.StopTimer()
			used += cpuTime(b) - begin
		}
		slices.Sort(took)
		b.ReportMetric(float64(used)/float64(n), "cpu-ns/entry")
		b.ReportMetric(float64(b.Elapsed())/float64(n), "ns/entry")
		b.ReportMetric(float64(took[len(took)/2])/1e6, "commit-p50-ms")
		b.ReportMetric(float64(took[len(took)*99/100])/1e6, "commit-p99-ms")
		size, err := s.Size(context.Background())
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(size)/6.4e6, "bytes/key")
		if err := s.Close(); err != nil {
			b.Fatal(err)
		}
	})
}

type nothing struct{}

func (nothing) RestoreCustomer(uint32, string) error  { return nil }
func (nothing) RestoreBook(tracker.BookState) error   { return nil }
func (nothing) RestoreEntry(tracker.EntryState) error { return nil }
func (nothing) RestoreMark(tracker.DrainMark) error   { return nil }

// BenchmarkLoad opens a store of 10 million entries and loads it, with the Counts
// of a tracker and without.
func BenchmarkLoad(b *testing.B) {
	for _, shape := range []struct{ books, customers int }{{100, 100_000}, {1, 10_000_000}} {
		b.Run(fmt.Sprintf("%dx%d", shape.books, shape.customers), func(b *testing.B) {
			benchURLs(b, func(b *testing.B, url string) {
				s, c := benchOpen(b, url, usual), newCrowd(shape.books, shape.customers)
				c.fill(benchCommit(b, s))
				if err := s.Close(); err != nil {
					b.Fatal(err)
				}
				c = nil
				load := func(state func() tracker.State) func(b *testing.B) {
					return func(b *testing.B) {
						used := cpuTime(b)
						for b.Loop() {
							s := benchOpen(b, url, usual)
							if err := s.Load(context.Background(), state()); err != nil {
								b.Fatal(err)
							}
							crash(s)
						}
						b.ReportMetric((cpuTime(b)-used).Seconds()/float64(b.N), "cpu-s/load")
					}
				}
				b.Run("store", load(func() tracker.State { return nothing{} }))
				b.Run("tracker", load(func() tracker.State { return tracker.NewCounts() }))
			})
		})
	}
}

// BenchmarkPaced commits 50,000 updates/s of 6.4 million keys for 10 s, whatever has
// come since the last commit, while the journal is folded every 2 s.
func BenchmarkPaced(b *testing.B) {
	benchURLs(b, func(b *testing.B, url string) {
		with := usual
		with.foldAge = 2 * time.Second
		s, c := benchOpen(b, url, with), newCrowd(64, 100_000)
		commit := benchCommit(b, s)
		c.fill(commit)
		if err := s.fold(context.Background(), s.step); err != nil {
			b.Fatal(err)
		}
		const rate = 50_000
		var took []time.Duration // until an update was durable, every tenth
		commits := 0
		var batch tracker.Batch
		b.ResetTimer()
		used := cpuTime(b)
		for range b.N {
			begin, done := time.Now(), 0
			arrived := begin
			for time.Since(begin) < 10*time.Second {
				due := int(time.Since(begin).Seconds()*rate) - done
				if due == 0 {
					continue
				}
				c.batch(&batch, due)
				done += due
				at := time.Now()
				commit(&batch)
				commits++
				for i := range due/10 + 1 { // they came evenly
					took = append(took, time.Since(arrived)-at.Sub(arrived)*time.Duration(i)/time.Duration(due/10+1))
				}
				arrived = at
			}
		}
		b.ReportMetric(float64(cpuTime(b)-used)/float64(b.Elapsed()), "cpu")
		slices.Sort(took)
		for _, q := range []struct {
			at   float64
			name string
		}{{0.5, "p50-ms"}, {0.99, "p99-ms"}, {0.999, "p99.9-ms"}, {1, "max-ms"}} {
			b.ReportMetric(float64(took[int(q.at*float64(len(took)-1))])/1e6, q.name)
		}
		b.ReportMetric(float64(commits)/b.Elapsed().Seconds(), "commits/s")
		b.ReportMetric(float64(s.Stats().Folds), "folds")
		if err := s.Close(); err != nil {
			b.Fatal(err)
		}
	})
}
