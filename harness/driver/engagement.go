package driver

import (
	"context"
	"sync"
	"sync/atomic"
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
	over         // the schedule has no more attempts
	enough       // a search has seen enough
)

// engagement is one stretch of driving: which attempts go where and when, and
// those whose end has been seen but not yet reported.
type engagement struct {
	client   *client
	targets  *Targets
	pacer    pace
	schedule schedule // nil in a closed loop, where an attempt is due when it is sent
	users    *users   // whose attempts these are; nil where attempts know nothing of each other
	began    time.Time
	firstSeq uint64
	inFlight uint64 // exactly so many attempts at a time; 0 for as many as it takes
	most     uint64 // attempts in flight at most, by the workload; 0 for the driver's own limit
	report   func(harness.Attempt)
	tally    *tallying // nil for none

	lost atomic.Uint64 // cookies for which users had no room

	mu      sync.Mutex
	queue   queue  // of an attackFunc that sends by the engagement
	busy    uint64 // attempts in flight
	done    map[uint64]harness.Attempt
	count   uint64        // attempts reported
	last    time.Duration // when the last one ended
	stopped time.Duration // when sending stopped, where the pacer was not asked by Pace

	shards []harness.Shard // what the engine's own threads used, where it has some
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

// ask sends an attempt, of a user where there are any, over the client, unless it is
// too late for that. It returns when the attempt has ended.
func (e *engagement) ask(a *harness.Attempt, u *user) {
	target := e.targets.of(a.Seq, u)
	if e.late(a) {
		end := shedding(&target)
		end.complete(a, &target, a.Sent)
		e.tally.note(a, &target, &end)
		return
	}
	end := e.client.send(a.Seq, &target)
	end.complete(a, &target, time.Since(e.began))
	e.tally.note(a, &target, &end)
}

// late says whether the patience of an attempt's client ended before it was sent.
func (e *engagement) late(a *harness.Attempt) bool { return a.Sent-a.Intended > e.client.timeout }

// shedding is the end of an attempt that is never sent.
func shedding(target *Target) ending {
	return ending{dynamic: target.Dynamic, outcome: harness.Failed, cause: harness.CauseShed}
}

// atMost returns how many attempts may be in flight where the driver's own limit is
// another.
func (e *engagement) atMost(limit uint64) uint64 {
	switch {
	case e.inFlight > 0:
		return e.inFlight
	case e.users != nil && e.users.count > 0:
		limit = e.users.count
	}
	if e.most > 0 {
		return min(e.most, limit)
	}
	return limit
}

// send sends attempt k and returns the status of its answer, 0 without one. No more than
// most are sent at a time.
func (e *engagement) send(k, most uint64) int {
	a, u := e.leaves(k, most)
	e.ask(&a, u)
	e.mu.Lock()
	e.done[k] = a
	e.busy--
	e.queue.opens(a.Done)
	e.mu.Unlock()
	if u != nil {
		e.pacer.(*crowdPacer).back(u, &a)
	}
	return a.Status
}

// leaves returns attempt k as it is when it is sent, now, and its user, if it has one.
func (e *engagement) leaves(k, most uint64) (a harness.Attempt, u *user) {
	e.mu.Lock()
	defer e.mu.Unlock()
	now := time.Since(e.began)
	if p, ok := e.pacer.(*crowdPacer); ok {
		u, a = p.begin(k, now)
	} else {
		a = e.begin(k, now)
	}
	a.Queued = e.queue.part(a.Intended, now)
	if e.busy++; e.busy == most {
		e.queue.fills(now)
	}
	return a, u
}

// rests notes that nothing is due.
func (e *engagement) rests() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.queue.rests()
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
