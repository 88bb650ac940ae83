package tracker

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// maxSessions bounds the connections of peers at a time, both sides of a reload
// of every source included.
const maxSessions = 1024

// Server receives from peers and answers over HTTP.
type Server struct {
	cfg      Config
	table    string // as it is called on the wire
	listener net.Listener
	api      net.Listener
	numbers  atomic.Uint64 // of connections

	mu      sync.Mutex
	counter Counter
	sources map[string]*source
}

// New opens the addresses of a Server, so that a busy one is an error here and
// connections wait from now on. Run serves them.
func New(ctx context.Context, cfg Config) (*Server, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	s := &Server{cfg: cfg, table: cfg.tableOnWire(), counter: cfg.Counter, sources: make(map[string]*source)}
	s.cfg.Peers.Name = cfg.Name
	if s.counter == nil {
		s.counter = NewCounts()
	}
	var err error
	if s.listener, err = listen(ctx, cfg.Listen); err != nil {
		return nil, fmt.Errorf("listen for peers: %w", err)
	}
	if s.api, err = listen(ctx, cfg.HTTP); err != nil {
		return nil, errors.Join(fmt.Errorf("listen for HTTP: %w", err), s.Close())
	}
	return s, nil
}

// listen returns nil for no address.
func listen(ctx context.Context, addr string) (net.Listener, error) {
	if addr == "" {
		return nil, nil
	}
	return new(net.ListenConfig).Listen(ctx, "tcp", addr)
}

// PeersAddr is where peers call us, nil if they cannot.
func (s *Server) PeersAddr() net.Addr { return addrOf(s.listener) }

// HTTPAddr is where the API answers, nil if it does not.
func (s *Server) HTTPAddr() net.Addr { return addrOf(s.api) }

func addrOf(l net.Listener) net.Addr {
	if l == nil {
		return nil
	}
	return l.Addr()
}

// Close closes the addresses of a Server that is not going to Run.
func (s *Server) Close() error {
	var errs []error
	for _, l := range []net.Listener{s.api, s.listener} {
		if l != nil {
			errs = append(errs, l.Close())
		}
	}
	return errors.Join(errs...)
}

// Run serves until ctx ends, which is no error, or something breaks. It returns
// when every session and every answer is done. It must be called once.
func (s *Server) Run(ctx context.Context) error {
	inner, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var all sync.WaitGroup
	part := func(run func(context.Context) error) {
		all.Go(func() {
			if err := run(inner); err != nil {
				cancel(err)
			}
		})
	}
	if s.listener != nil {
		part(s.servePeers)
	}
	for _, r := range s.cfg.Dial {
		part(func(ctx context.Context) error { s.dial(ctx, r); return nil })
	}
	if s.api != nil {
		part(s.serveHTTP)
	}
	all.Wait()
	if ctx.Err() != nil {
		return nil
	}
	return context.Cause(inner)
}

func (s *Server) report(source, text string, err error) {
	if s.cfg.Report != nil {
		s.cfg.Report(Event{Source: source, Text: text, Err: err})
	}
}

// join enters a session under its source's name. It is false if there are too many
// sources.
func (s *Server) join(f *feed) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	src, ok := s.sources[f.name]
	if !ok {
		if len(s.sources) >= maxSources {
			return false
		}
		src = &source{sessions: make(map[uint64]*feed)}
		s.sources[f.name] = src
	}
	f.source = src
	src.open(f, time.Now())
	return true
}

func (s *Server) leave(f *feed) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(f.source.sessions, f.number)
}
