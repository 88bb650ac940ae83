package driver

import (
	"context"
	"sync"
	"time"

	"github.com/haproof/haproof/harness"
)

// crowdPacer lets users ask when it is their turn, for a library that asks a pacer before
// each attempt and numbers them itself. It waits by the runtime's timers, which round short
// pauses up to a millisecond; that shows as lag.
type crowdPacer struct {
	ctx     context.Context
	began   time.Time
	changed chan struct{} // somebody has begun to think; holds one
	rests   func()        // told that Pace waits

	mu     sync.Mutex
	crowd  *crowd
	asking map[uint64]asking // by the library's number
}

// asking is a user whose turn it is, with its attempt.
type asking struct {
	user    *user
	attempt harness.Attempt
}

func newCrowdPacer(ctx context.Context) *crowdPacer {
	return &crowdPacer{ctx: ctx, changed: make(chan struct{}, 1), asking: map[uint64]asking{}}
}

// Pace returns when it is somebody's turn. It tells to stop when nobody comes any more,
// or when the context ended.
func (p *crowdPacer) Pace(_ time.Duration, sent uint64) (wait time.Duration, stop bool) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for p.ctx.Err() == nil {
		due, over := p.turn(sent)
		switch {
		case over:
			return 0, true
		case due <= 0:
			return 0, false
		case due == forever:
			timer.Stop()
		default:
			timer.Reset(due)
		}
		p.rests()
		select {
		case <-timer.C:
		case <-p.changed:
		case <-p.ctx.Done():
		}
	}
	return 0, true
}

// turn gives attempt k to the user whose turn it is, or says how long until it is
// somebody's.
func (p *crowdPacer) turn(k uint64) (wait time.Duration, over bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Since(p.began)
	due := p.crowd.due(now)
	switch {
	case due == forever:
		return forever, p.crowd.done()
	case due > now:
		return due - now, false
	}
	u, a := p.crowd.take(now)
	p.asking[k] = asking{u, a}
	return 0, false
}

// begin returns the user and its attempt that got number k, as it is when it is sent, now.
func (p *crowdPacer) begin(k uint64, now time.Duration) (*user, harness.Attempt) {
	p.mu.Lock()
	defer p.mu.Unlock()
	turn := p.asking[k]
	delete(p.asking, k)
	turn.attempt.Sent = now
	return turn.user, turn.attempt
}

// back notes that a user's attempt has ended.
func (p *crowdPacer) back(u *user, a *harness.Attempt) {
	p.mu.Lock()
	p.crowd.ended(u, a)
	p.mu.Unlock()
	select {
	case p.changed <- struct{}{}:
	default:
	}
}

// next is for engines that keep the crowd themselves: they never ask.
func (p *crowdPacer) next(uint64, time.Duration) (due time.Duration, say order) { return 0, over }

// Rate is part of vegeta's Pacer. Users have no rate of their own.
func (p *crowdPacer) Rate(time.Duration) float64 { return 0 }
