package tracker

import "github.com/haproof/haproof/harness/tracker/drain"

// Statistics are figures about the tracker itself.
type Statistics struct {
	Customers int
	Entries   int    // counters: one for each customer in each book
	Books     int    // generations that count, and sums of old ones
	Closed    int    // generations that do not count any more
	Memory    uint64 // bytes that customers and entries take, about

	Commits CommitState
	Drained DrainTally // lines of the log since the start, by what became of them
	Lines   drain.SeenStats
}

// Statistics returns figures about the tracker itself. It takes time in proportion to
// the number of books.
func (s *Server) Statistics() Statistics {
	k := s.keeper
	k.mu.Lock()
	st := k.counts.statistics()
	st.Drained = k.drained
	k.mu.Unlock()
	k.progress.mu.Lock()
	defer k.progress.mu.Unlock()
	st.Commits = k.progress.state
	return st
}

func (c *Counts) statistics() Statistics {
	st := Statistics{
		Customers: len(c.customers.names), Entries: c.size, Books: c.open, Closed: c.closed,
		Memory: c.customers.bytes() + uint64(c.closed)*closedBytes, Lines: c.seen.Stats(),
	}
	for _, o := range c.origins {
		for _, b := range o.books {
			st.Memory += bookBytes + b.entries.bytes()
		}
	}
	return st
}

// What one takes, with its name and its place in a map, in bytes.
const (
	bookBytes   = 400
	closedBytes = 150
)
