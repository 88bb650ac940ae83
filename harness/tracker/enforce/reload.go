package enforce

import (
	"context"
	"fmt"
	"time"

	"github.com/haproof/haproof/harness/tracker/plan"
)

// restorePatience bounds how long the usage of customers with a new plan may take to
// be read. Nothing is committed meanwhile.
const restorePatience = 30 * time.Second

// restorePause is the time until it is tried again after it could not be read.
const restorePause = time.Minute

// reload is a set of plans that waits for a moment between two commits.
type reload struct {
	plans plan.Set
	done  chan error
}

// Replace puts other plans in place. It returns when they are in force, which is with
// the next commit: commitSoon sees to it that there is one. If the set is not valid,
// the plans stay as they are. If usage cannot be read the plans are in force all the
// same, but customers who had none before go without limits until it can.
func (e *Enforcer) Replace(ctx context.Context, plans plan.Set, commitSoon func()) error {
	if err := plans.Validate(); err != nil {
		return err
	}
	r := &reload{plans: plans, done: make(chan error, 1)}
	e.mu.Lock()
	if before := e.reload; before != nil {
		before.done <- fmt.Errorf("overtaken by newer plans")
	}
	e.reload = r
	e.mu.Unlock()
	commitSoon()
	select {
	case err := <-r.done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// catchUp carries out a reload, or what is left of one. All growth that the meter knows
// is committed now, and all that is committed it knows: what is read from the store is
// neither too much nor too little.
func (e *Enforcer) catchUp(now time.Time, names []string) {
	if r := e.reload; r != nil {
		e.reload = nil
		r.done <- e.turnTo(r.plans, now, names)
		return
	}
	if !now.Before(e.retry) {
		_ = e.fill(now, names) // who reloaded was told; it is tried until it succeeds
	}
}

func (e *Enforcer) turnTo(plans plan.Set, now time.Time, names []string) error {
	if err := e.fill(now, names); err != nil {
		return fmt.Errorf("the plans before these are not complete yet: %w", err)
	}
	gap, err := e.meter.Replace(plans, now)
	if err != nil {
		return err
	}
	e.gap = gap
	return e.fill(now, names)
}

// fill reads the usage of the gap. Until it can be read those customers have no limits.
func (e *Enforcer) fill(now time.Time, names []string) error {
	if !e.gap.Everyone && len(e.gap.Customers) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), restorePatience)
	defer cancel()
	var numbers []uint32
	if !e.gap.Everyone {
		numbers = numbersOf(e.gap.Customers, names)
	}
	if e.gap.Everyone || len(numbers) > 0 { // else nobody of them has been counted
		e.meter.Again()
		if err := e.restore(ctx, names, numbers); err != nil {
			e.retry = now.Add(restorePause)
			return fmt.Errorf("customers whose plan is new are not limited until their usage can be read: %w", err)
		}
	} else {
		e.meter.Restored()
	}
	e.gap = plan.Gap{}
	return nil
}

// numbersOf returns the numbers of those customers that have one, ascending.
func numbersOf(customers, names []string) (numbers []uint32) {
	wanted := make(map[string]bool, len(customers))
	for _, c := range customers {
		wanted[c] = true
	}
	for n, name := range names {
		if wanted[name] {
			numbers = append(numbers, uint32(n))
		}
	}
	return numbers
}
