package webhook

import (
	"context"
	"sync"
	"time"
)

// down is after how many failures in a row the receiver is taken to be down.
const down = 5

// gate keeps attempts from a receiver that is down: they wait, and go one at a time.
//
// A message that failed while others arrived is bad. It says nothing about the
// receiver: it neither closes the gate nor is let through while that is closed.
type gate struct {
	pauses pauses
	probe  chan struct{} // holds one: whoever put it there may try

	mu       sync.Mutex
	failures int       // in a row
	until    time.Time // nobody tries before: it is down
	asked    time.Time // nobody tries before: it has asked for it
	arrived  time.Time // when a message did last
}

// pass is the permission to make an attempt.
type pass struct{ probing, bad bool }

func newGate(p pauses) *gate { return &gate{pauses: p, probe: make(chan struct{}, 1)} }

// enter waits until a message may be tried that has been failing since then, or has
// not if that is zero. It returns false if ctx ends or the message is bad and must not
// be tried now. Otherwise leave must be called.
func (g *gate) enter(ctx context.Context, since time.Time) (p pass, ok bool) {
	bad := g.isBad(since)
	if open, _ := g.open(); open || bad {
		return pass{bad: bad}, open && ctx.Err() == nil
	}
	select {
	case g.probe <- struct{}{}:
	case <-ctx.Done():
		return pass{}, false
	}
	for {
		_, wait := g.open()
		if wait <= 0 {
			return pass{probing: true}, true
		}
		sleep(ctx, wait, nil)
		if ctx.Err() != nil {
			<-g.probe
			return pass{}, false
		}
	}
}

func (g *gate) isBad(since time.Time) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return !since.IsZero() && g.arrived.After(since)
}

// open says whether all may pass, and otherwise how long nobody may. It does not stay
// closed if nobody tries.
func (g *gate) open() (open bool, wait time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	wait = max(time.Until(g.until), time.Until(g.asked))
	if g.failures >= down && wait < -g.pauses.longest {
		g.failures = 0
	}
	return g.failures < down && wait <= 0, wait
}

// leave tells what became of the attempt.
func (g *gate) leave(p pass, o outcome) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if p.probing {
		<-g.probe
	}
	now := time.Now()
	if o.err == nil {
		g.failures, g.until, g.arrived = 0, time.Time{}, now
		return
	}
	if asked := now.Add(o.after); o.after > 0 && asked.After(g.asked) {
		g.asked = asked
	}
	if p.bad {
		return
	}
	if g.failures++; g.failures >= down {
		g.until = now.Add(g.pauses.after(g.failures - down + 1))
	}
}
