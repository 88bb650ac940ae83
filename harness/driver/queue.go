package driver

import "time"

// queue tells which part of a wait an attempt spent waiting until fewer were in
// flight, so that this is not taken for the generator's lag. Attempts leave in the
// order in which they are due.
type queue struct {
	full  bool
	since time.Duration // full: from when on
	until time.Duration // when it last ceased to be full
	sum   time.Duration // how long it was full altogether
	empty time.Duration // that sum when nothing was due last
}

// fills notes that as many attempts are in flight as may be.
func (q *queue) fills(now time.Duration) {
	if !q.full {
		q.full, q.since = true, now
	}
}

// opens notes that one more may leave.
func (q *queue) opens(now time.Duration) {
	if q.full {
		q.full, q.until = false, now
		q.sum += max(0, now-q.since)
	}
}

// rests notes that nothing is due.
func (q *queue) rests() { q.empty = q.sum }

// part returns how much of the time from when an attempt was due until now it could
// not leave. It reaches at most to the moment from which on it could, and is no more
// than the time in which nothing could since something began to wait.
func (q *queue) part(due, now time.Duration) time.Duration {
	until, sum := q.until, q.sum
	if q.full {
		until, sum = now, sum+now-q.since
	}
	return max(0, min(until-due, now-due, sum-q.empty))
}
