package receiver

import (
	"context"
	"fmt"
	"iter"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// DefaultReceipts is how many ids may have receipts unless a server is told
	// otherwise: one bit each, 12.5 MB.
	DefaultReceipts = 100_000_000
	// KeptArrivals is how many arrivals a server keeps, the last ones: 16 bytes each.
	KeptArrivals = 1 << 20
)

// MostConnections bounds the connections that a server has at a time. Those
// beyond wait in the kernel.
const MostConnections = 50_000

// Server answers requests and keeps receipts of them.
type Server struct {
	listener net.Listener
	began    time.Time
	book     *book

	connections atomic.Int64 // of the loop, with those that it gave away

	mu    sync.Mutex
	open  map[net.Conn]bool // those with a goroutine of their own
	ended bool
	group sync.WaitGroup
}

// New serves at a listener, which it closes. Ids below receipts have receipts; 0
// means DefaultReceipts. Call Serve.
func New(l net.Listener, receipts int) *Server {
	if receipts <= 0 {
		receipts = DefaultReceipts
	}
	return &Server{listener: l, began: time.Now(), book: newBook(receipts, KeptArrivals), open: map[net.Conn]bool{}}
}

// Began is when the server was made.
func (s *Server) Began() time.Time { return s.began }

// Totals returns what arrived so far.
func (s *Server) Totals() Totals { return s.book.sums() }

// Receipts yields the ids from one to another that have arrived so far, in order,
// as stretches. The stretches are seen one after another, while others may grow.
func (s *Server) Receipts(from, to uint64) iter.Seq[Span] {
	return func(yield func(Span) bool) {
		for from <= to {
			span, ok := s.book.span(from)
			if !ok || span.First > to {
				return
			}
			from = span.Last + 1
			span.Last = min(span.Last, to)
			if !yield(span) {
				return
			}
		}
	}
}

// Arrivals returns the last KeptArrivals arrivals with a sequence id, in the order
// in which they were read.
func (s *Server) Arrivals() []Arrival {
	arrivals, _ := s.book.kept()
	return arrivals
}

// Serve answers until ctx ends, then closes all connections and returns nil. An
// error is that of the listener.
func (s *Server) Serve(ctx context.Context) error {
	defer context.AfterFunc(ctx, s.close)()
	defer s.group.Wait()
	defer s.close()
	if loop, err := newLoop(s); loop != nil || err != nil {
		if err != nil {
			return err
		}
		return loop.run(ctx)
	}
	return s.accept(ctx)
}

// accept gives each connection a goroutine of its own.
func (s *Server) accept(ctx context.Context) error {
	slots := make(chan struct{}, MostConnections)
	for {
		slots <- struct{}{}
		c, err := s.listener.Accept()
		switch {
		case ctx.Err() != nil:
			if err == nil {
				_ = c.Close()
			}
			return nil
		case err != nil:
			return fmt.Errorf("accept: %w", err)
		}
		s.group.Go(func() {
			defer func() { <-slots }()
			s.serve(ctx, c, start{})
		})
	}
}

// serve answers one connection until it ends.
func (s *Server) serve(ctx context.Context, c net.Conn, from start) {
	if !s.enter(c) {
		return
	}
	defer s.leave(c)
	newConn(s, c, from).serve(ctx, from)
}

func (s *Server) enter(c net.Conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended {
		_ = c.Close()
		return false
	}
	s.open[c] = true
	return true
}

func (s *Server) leave(c net.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.open, c)
	_ = c.Close() // both sides have said all
}

// close ends the listener and all connections that have a goroutine.
func (s *Server) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended = true
	_ = s.listener.Close() // closed already, or nobody can do anything about it
	for c := range s.open {
		_ = c.Close()
	}
}
