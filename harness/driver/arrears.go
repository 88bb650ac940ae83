package driver

import "time"

// A client that was itself held up, by a frozen machine or by others on its cores, owes
// what was due meanwhile. To send all of that in one moment would be a load that nobody
// asked for. So what is late by more than catchUpAtOnce leaves at most catchUpSpeed times
// as fast as the schedule wants, after a first lump of what that makes in one catchUpAtOnce;
// what is late by less leaves at once. That is more than a busy machine takes away for a
// moment, or the client would never catch up.
const (
	catchUpAtOnce = 100 * time.Millisecond
	catchUpSpeed  = 2
)

// arrears bound how fast attempts leave that should have left long ago. Times are on
// the clock of the engagement. Each is less late than the one before it, whatever the
// schedule, so that none waits for ever.
type arrears struct {
	last time.Duration // when the last attempt was due
	turn time.Duration // when it was the turn of the last late one
}

// until returns when an attempt may leave that is due and late by lag: now where that is
// at once.
func (r *arrears) until(due, lag, now time.Duration) time.Duration {
	if lag <= catchUpAtOnce {
		return now
	}
	return max(r.next(due, now), now)
}

// next returns when it is the turn of a late attempt.
func (r *arrears) next(due, now time.Duration) time.Duration {
	return max(r.turn+(due-r.last)/catchUpSpeed, now-catchUpAtOnce)
}

// leaves notes that an attempt has left that was due and late by lag.
func (r *arrears) leaves(due, lag, now time.Duration) {
	if lag > catchUpAtOnce {
		r.turn = r.next(due, now)
	}
	r.last = due
}
