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

// pace is what an attackFunc asks before each attempt.
type pace interface {
	Pace(elapsed time.Duration, sent uint64) (wait time.Duration, stop bool)
	Rate(elapsed time.Duration) float64
}

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

	mu    sync.Mutex
	done  map[uint64]harness.Attempt
	count uint64        // attempts reported
	last  time.Duration // when the last one ended
}

// send sends attempt k and returns the status of its answer, 0 without one.
func (e *engagement) send(k uint64) int {
	a := harness.Attempt{Seq: e.firstSeq + k, Sent: time.Since(e.began)}
	a.Intended = a.Sent
	if e.schedule != nil {
		a.Stair = e.schedule.stairOf(k)
		a.Intended = e.schedule.due(k)
	}
	target := e.targets.At(a.Seq)
	end := e.client.send(a.Seq, &target)
	a.Done = time.Since(e.began)
	a.Key, a.Status, a.Bytes, a.TLS = target.Key, end.status, end.bytes, target.TLS
	a.Dynamic, a.Outcome, a.Cause = end.dynamic, end.outcome, end.cause
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
		e.count++
		e.last = max(e.last, a.Done)
		e.report(a)
	}
	return sent
}
