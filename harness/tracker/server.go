package tracker

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"
)

const (
	// maxSessions bounds the connections of peers at a time, both sides of a reload
	// of every source included.
	maxSessions = 1024
	// maxSessionsEach bounds those of one source.
	maxSessionsEach = 16
)

// Server receives from peers and answers over HTTP.
type Server struct {
	cfg      Config
	listener net.Listener
	keeper   *keeper
	lobby    lobby

	mu      sync.Mutex
	sources map[string]*source
	open    int    // sessions
	numbers uint32 // of sessions: what did not get so far has none, or strangers could use them up
}

// New loads what is stored and opens the address of a Server, so that a busy one is
// an error here and connections wait from now on. Run serves them.
func New(ctx context.Context, cfg Config) (*Server, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	s := &Server{cfg: cfg, keeper: newKeeper(cfg), sources: make(map[string]*source)}
	s.cfg.Peers.Name = cfg.Name
	if s.cfg.Peers.Handshake == 0 {
		s.cfg.Peers.Handshake = greeting
	}
	s.cfg.Peers.NeverTeach = append(s.cfg.Peers.NeverTeach, "/"+cfg.table())
	if err := s.keeper.load(ctx); err != nil {
		return nil, fmt.Errorf("load what is stored: %w", err)
	}
	s.remember()
	var err error
	if s.listener, err = listen(ctx, cfg.Listen); err != nil {
		return nil, fmt.Errorf("listen for peers: %w", err)
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
func (s *Server) PeersAddr() net.Addr {
	if s.listener == nil {
		return nil
	}
	return s.listener.Addr()
}

// Close closes the address of a Server that is not going to Run.
func (s *Server) Close() error {
	if s.listener == nil {
		return nil
	}
	return s.listener.Close()
}

// Run serves until ctx ends, which is no error, or something breaks. It returns
// when every session is done and all that they told is committed. It must be called
// once.
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
	keep, stop := context.WithCancel(context.WithoutCancel(ctx))
	kept := make(chan error, 1)
	go func() { kept <- s.keeper.run(keep) }()
	all.Wait()
	stop()
	err := <-kept
	if ctx.Err() == nil {
		err = errors.Join(context.Cause(inner), err)
	}
	return err
}

// CommitSoon wakes who commits, although nothing may have been counted.
func (s *Server) CommitSoon() { s.keeper.kick() }

func (s *Server) report(source, text string, err error) {
	if s.cfg.Report != nil {
		s.cfg.Report(Event{Source: source, Text: text, Err: err})
	}
}

// join enters a session under its source's name and numbers it, unless there are too
// many already.
func (s *Server) join(f *feed) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open >= maxSessions {
		return fmt.Errorf("already %d sessions", maxSessions)
	}
	src, ok := s.sources[f.name]
	if !ok {
		if err := s.makeRoom(); err != nil {
			return err
		}
		src = &source{sessions: make(map[uint32]*feed)}
		s.sources[f.name] = src
	}
	if len(src.sessions) >= maxSessionsEach {
		return fmt.Errorf("already %d sessions of that name", maxSessionsEach)
	}
	f.source = src
	s.open++
	s.numbers++
	f.counted.Number = s.numbers
	src.open(f, time.Now())
	return nil
}

// remember enters the sources that were counted before, and those that are called:
// strangers cannot take their places.
func (s *Server) remember() {
	for o := range s.keeper.counts.origins {
		s.sources[o.source] = &source{sessions: make(map[uint32]*feed), known: true}
	}
	for _, r := range s.cfg.Dial {
		s.sources[r.Name] = &source{sessions: make(map[uint32]*feed), known: true}
	}
}

// makeRoom for one more source forgets one that is gone and was never counted, if
// there are too many.
func (s *Server) makeRoom() error {
	if len(s.sources) < maxSources {
		return nil
	}
	for name, src := range s.sources {
		if len(src.sessions) == 0 && !src.counted() {
			delete(s.sources, name)
			return nil
		}
	}
	return fmt.Errorf("already %d sources", maxSources)
}

// heard notes that a source is alive, and what it told.
func (s *Server) heard(src *source, t Tally) {
	s.mu.Lock()
	defer s.mu.Unlock()
	src.heard = time.Now()
	for effect, n := range t {
		src.counters.effects[effect] += n
	}
}

func (s *Server) leave(f *feed) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open--
	delete(f.source.sessions, f.counted.Number)
}
