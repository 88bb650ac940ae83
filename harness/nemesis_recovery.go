package harness

import (
	"context"
	"sync"
	"time"
)

// How often a nemesis looks whether the lab is whole again, and for how long.
const (
	lookEvery   = 20 * time.Millisecond
	wholeWithin = 30 * time.Second
)

// recovery finds out when a lab is whole after a fault. Faults that wait at the same
// time share each look: looking costs the lab something.
type recovery struct {
	lab Disturber

	mu     sync.Mutex
	looked time.Time // when the last look began
	whole  time.Time // when it had found the lab whole; zero where it had not
}

// await returns when the lab was whole, counted from now on; zero if ctx or soft
// ended, or patience, before it was.
func (r *recovery) await(ctx, soft context.Context) time.Time {
	ctx, cancel := context.WithTimeout(ctx, wholeWithin)
	defer cancel()
	defer context.AfterFunc(soft, cancel)()
	since := time.Now()
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		if whole := r.look(ctx, since); !whole.IsZero() {
			return whole
		}
		select {
		case <-ctx.Done():
			return time.Time{}
		case <-tick.C:
		}
	}
}

// look returns when the lab was whole by a look that began after a moment; zero if
// it was not. Looks do not follow each other faster than lookEvery.
func (r *recovery) look(ctx context.Context, since time.Time) time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.looked.After(since) && (!r.whole.IsZero() || time.Since(r.looked) < lookEvery) {
		return r.whole
	}
	r.looked, r.whole = time.Now(), time.Time{}
	if r.lab.Recovered(ctx) == nil {
		r.whole = time.Now()
	}
	return r.whole
}
