package enforce

import (
	"context"
	"fmt"
	"time"

	"github.com/haproof/haproof/harness/tracker"
	"github.com/haproof/haproof/harness/tracker/plan"
)

// moment is a function that waits to be called between two commits: all growth that
// the meter knows is committed then, and all that is committed it knows.
type moment struct {
	do   func(now time.Time, names []string, next []tracker.Growth) error
	done chan error
}

// Replace puts other plans in place. It returns when they are in force, which is with
// the next commit, and what customers who had none before have used was read, which
// takes longer: until then those go without limits. commitSoon sees to it that there
// is a commit. If the set is not valid, the plans stay as they are. If usage cannot be
// read the plans are in force all the same, and Run reads it later.
func (e *Enforcer) Replace(ctx context.Context, plans plan.Set, commitSoon func()) error {
	if err := plans.Validate(); err != nil {
		return err
	}
	e.reloading.Lock()
	defer e.reloading.Unlock()
	e.commitSoon = commitSoon
	if err := e.fill(ctx); err != nil {
		return fmt.Errorf("the plans before these are not complete yet: %w", err)
	}
	err := e.between(ctx, func(now time.Time, _ []string, _ []tracker.Growth) (err error) {
		gap, err := e.meter.Replace(plans, now)
		if err == nil {
			e.gap = gap
		}
		return err
	})
	if err != nil {
		return err
	}
	return e.fill(ctx)
}

// between has something done between two commits. e.reloading is held.
func (e *Enforcer) between(ctx context.Context, do func(time.Time, []string, []tracker.Growth) error) error {
	m := &moment{do: do, done: make(chan error, 1)}
	e.mu.Lock()
	e.moment = m
	e.mu.Unlock()
	e.commitSoon()
	select {
	case err := <-m.done:
		return err
	case <-ctx.Done():
		e.mu.Lock()
		e.moment = nil
		e.mu.Unlock()
		return ctx.Err()
	}
}

// pause does what waits for the moment between two commits, of which next is the
// growth of the second one. e.mu is held.
func (e *Enforcer) pause(now time.Time, names []string, next []tracker.Growth) {
	if m := e.moment; m != nil {
		e.moment = nil
		m.done <- m.do(now, names, next)
	}
}
