package webhook

import (
	"context"
	"math/rand/v2"
	"time"
)

// pauses are the pauses after failures.
type pauses struct{ least, longest time.Duration }

// after so many failures in a row, from one on. It doubles with each, and is spread
// over its second half, so that many who failed together do not return together.
func (p pauses) after(failures int) time.Duration {
	d := p.least
	for range failures {
		if d >= p.longest {
			break
		}
		d *= 2
	}
	return max(p.least, p.spread(min(d, p.longest)))
}

// refusal is the pause after an answer that time alone will not change.
func (p pauses) refusal() time.Duration { return max(p.least, p.spread(p.longest)) }

func (p pauses) spread(d time.Duration) time.Duration {
	return d/2 + time.Duration(rand.Int64N(int64(d/2)+1))
}

// sleep returns early if ctx ends or something is sent on wake, which may be nil.
func sleep(ctx context.Context, d time.Duration, wake <-chan struct{}) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-wake:
	case <-ctx.Done():
	}
}
