package webhook

import (
	"context"
	"net/http"
	"sync"
	"time"
)

const (
	// poll is how often the outbox is looked at without being asked to.
	poll = time.Minute

	// maxProbe is the longest pause between two attempts to reach a receiver that is
	// down, unless that asks for a longer one.
	maxProbe = time.Minute

	// grace is how long attempts that were under way may take when Run is to end.
	grace = 5 * time.Second
)

// Sender delivers what is in an outbox.
type Sender struct {
	cfg      Config
	pauses   pauses
	client   *http.Client
	gate     *gate
	notify   chan struct{}
	troubles troubles
	walks    uint64 // so far; owned by Run

	mu    sync.Mutex
	stats Stats
}

// New returns a Sender that has yet to Run.
func New(cfg Config) (*Sender, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	cfg = cfg.withDefaults()
	p := pauses{cfg.RetryMin, cfg.RetryMax}
	probes := pauses{p.least, max(p.least, min(p.longest, maxProbe))}
	return &Sender{
		cfg: cfg, pauses: p, client: newClient(cfg), gate: newGate(probes),
		notify: make(chan struct{}, 1), troubles: troubles{of: make(map[string]trouble)},
	}, nil
}

// Notify tells that there is something new in the outbox. It never blocks.
func (s *Sender) Notify() {
	select {
	case s.notify <- struct{}{}:
	default:
	}
}

// Run delivers until ctx ends. Attempts that are under way then are given a few
// seconds to finish. It is called once.
func (s *Sender) Run(ctx context.Context) {
	attempts, cut := context.WithCancel(context.WithoutCancel(ctx))
	defer cut()
	defer s.client.CloseIdleConnections()
	defer context.AfterFunc(ctx, func() {
		sleep(attempts, grace, nil)
		cut()
	})()
	for failed := 0; ctx.Err() == nil; {
		w := s.newWalk(ctx, attempts)
		err := w.all()
		if err == nil {
			failed = 0
			sleep(ctx, s.rest(w), s.notify)
			continue
		}
		if ctx.Err() == nil { // otherwise it says no more than that
			failed++
			wait := s.pauses.after(failed)
			s.report(Failure{Retry: wait, Err: err})
			sleep(ctx, wait, nil)
		}
	}
}

// rest is how long there is nothing to do if nothing new comes. A walk that came to
// nothing is not repeated at once even if a message is due: it may be a bad one, that
// is not tried while the receiver is down.
func (s *Sender) rest(w *walk) time.Duration {
	if w.more {
		return 0
	}
	return max(s.pauses.least, min(poll, time.Until(w.next)))
}
