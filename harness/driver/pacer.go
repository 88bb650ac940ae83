package driver

import (
	"context"
	"fmt"
	"time"
)

// pacer lets attempts go when the schedule wants them: an open loop, which never
// asks how the previous ones fare. It fits vegeta's Pacer, but does the waiting
// itself, because the one that vegeta would do rounds to a millisecond.
type pacer struct {
	ctx      context.Context
	began    time.Time
	schedule schedule
	alarm    *alarm
	enough   func(sent uint64) bool // says that a search has seen enough
	rests    func()                 // told that Pace waits until something is due; may be nil
	ended    time.Duration          // when Pace told to stop, 0 before
	err      error                  // why it could not go on
}

// Pace returns when the next attempt is due, or at once if that is past. It
// tells to stop after the last one, when the context ended, or when enough.
func (p *pacer) Pace(_ time.Duration, sent uint64) (wait time.Duration, stop bool) {
	if due, say := p.next(sent, 0); say == send && p.await(due) {
		return 0, false
	}
	p.ended = time.Since(p.began)
	return 0, true
}

// next says when attempt k is due and whether it should still be sent. It does
// not wait, and is safe for concurrent use.
func (p *pacer) next(k uint64, _ time.Duration) (due time.Duration, say order) {
	switch {
	case k >= p.schedule.total():
		return 0, over
	case p.enough(k):
		return p.schedule.due(k), enough
	}
	return p.schedule.due(k), send
}

// stopped returns when sending stopped, from the beginning: now, where the
// library stopped without asking again. It is for after the attack.
func (p *pacer) stopped() time.Duration {
	if p.ended > 0 {
		return p.ended
	}
	return time.Since(p.began)
}

// await returns when due has come, and whether the attempt should still be sent.
func (p *pacer) await(due time.Duration) bool {
	now := time.Since(p.began)
	if now < due && p.rests != nil {
		p.rests()
	}
	for ; now < due; now = time.Since(p.began) {
		if err := p.alarm.wait(due - now); err != nil {
			if p.ctx.Err() == nil {
				p.err = fmt.Errorf("wait for the next attempt: %w", err)
			}
			return false
		}
	}
	return p.ctx.Err() == nil
}

// Rate is part of vegeta's Pacer.
func (p *pacer) Rate(elapsed time.Duration) float64 { return p.schedule.rate(elapsed) }

// closedLoop lets attempts go as fast as others end, for a limited time.
type closedLoop struct {
	ctx    context.Context
	began  time.Time
	length time.Duration
}

// Pace never waits; it tells to stop when the time is over.
func (c closedLoop) Pace(time.Duration, uint64) (wait time.Duration, stop bool) {
	return 0, c.ctx.Err() != nil || time.Since(c.began) >= c.length
}

// next lets every attempt go at once until the time is over: it is due now, and never late.
func (c closedLoop) next(_ uint64, now time.Duration) (due time.Duration, say order) {
	if now >= c.length {
		return now, over
	}
	return now, send
}

// Rate is part of vegeta's Pacer. A closed loop has no rate of its own.
func (closedLoop) Rate(time.Duration) float64 { return 0 }
