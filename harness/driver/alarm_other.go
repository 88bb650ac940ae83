//go:build !linux

package driver

import (
	"context"
	"time"
)

// alarm wakes its one user after a wait, as precisely as the runtime's timers do.
type alarm struct{ ctx context.Context }

// newAlarm returns an alarm whose wait ends early when ctx does.
func newAlarm(ctx context.Context) (*alarm, error) { return &alarm{ctx: ctx}, nil }

// wait returns after d, or with an error when the alarm's context has ended.
func (a *alarm) wait(d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-a.ctx.Done():
		return a.ctx.Err()
	}
}

func (a *alarm) close() error { return nil }
