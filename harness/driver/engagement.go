package driver

import (
	"context"
	"sync"
	"time"

	"github.com/haproof/haproof/harness"
)

// attackFunc sends attempts when the engagement's pacer lets them go, until it
// tells to stop, and returns when none is in flight. It is what one load
// generator's library contributes.
type attackFunc func(ctx context.Context, e *engagement) error

// pace is what an attackFunc asks before each attempt: Pace, which waits until it
// is due, or next, which does not.
type pace interface {
	Pace(elapsed time.Duration, sent uint64) (wait time.Duration, stop bool)
	Rate(elapsed time.Duration) float64
	next(k uint64, now time.Duration) (due time.Duration, say order)
}

// order is what to do about an attempt.
type order uint8

const (
	send   order = iota
	over         // the schedule has no more attempts, or gives this one up
	enough       // a search has seen enough
)

// engagement is one stretch of driving: which attempts go where and when, and
// those whose end has been seen but not yet reported.
type engagement struct {
	client   *client
	targets  *Targets
	pacer    pace
	schedule schedule // nil in a closed loop, where an attempt is due when it is sent
	began    time.Time
	firstSeq uint64
	inFlight uint64 // exactly so many attempts at a time; 0 for as many as it takes
	report   func(harness.Attempt)

	mu      sync.Mutex
	done    map[uint64]harness.Attempt
	count   uint64        // attempts reported
	last    time.Duration // when the last one ended
	stopped time.Duration // when sending stopped, where the pacer was not asked by Pace
}

// begin returns attempt k as it is when it is sent, now.
func (e *engagement) begin(k uint64, now time.Duration) harness.Attempt {
	a := harness.Attempt{Seq: e.firstSeq + k, Sent: now, Intended: now}
	if e.schedule != nil {
		a.Stair = e.schedule.stairOf(k)
		a.Intended = e.schedule.due(k)
	}
	return a
}

// attempt sends attempt k over the client and returns it when it has ended.
func (e *engagement) attempt(k uint64) harness.Attempt {
	a := e.begin(k, time.Since(e.began))
	target := e.targets.At(a.Seq)
	end := e.client.send(a.Seq, &target)
	end.complete(&a, &target, time.Since(e.began))
	return a
}

// send sends attempt k and returns the status of its answer, 0 without one.
func (e *engagement) send(k uint64) int {
	a := e.attempt(k)
	e.mu.Lock()
	e.done[k] = a
	e.mu.Unlock()
	return a.Status
}

// ended reports attempt k, and says whether it was sent at all. It is called
// from one goroutine.
func (e *engagement) ended(k uint64) bool {
	e.mu.Lock()
	a, sent := e.done[k]
	delete(e.done, k)
	e.mu.Unlock()
	if sent {
		e.saw(a)
	}
	return sent
}

// saw reports an attempt that has ended. It is called from one goroutine.
func (e *engagement) saw(a harness.Attempt) {
	e.count++
	e.last = max(e.last, a.Done)
	e.report(a)
}
