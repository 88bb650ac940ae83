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

// reload is a set of plans that waits for a moment between two commits.
type reload struct {
	plans plan.Set
	done  chan error
}

// Replace puts other plans in place. It returns when they are in force, which is with
// the next commit: commitSoon sees to it that there is one. If the set is not valid,
// the plans stay as they are.
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

// replace carries out a reload. All growth that the meter knows is committed now, and
// all that is committed it knows: what is read from the store is neither too much nor
// too little.
func (e *Enforcer) replace(now time.Time, names []string) {
	r := e.reload
	if r == nil {
		return
	}
	e.reload = nil
	r.done <- e.turnTo(r.plans, now, names)
}

func (e *Enforcer) turnTo(plans plan.Set, now time.Time, names []string) error {
	gap, err := e.meter.Replace(plans, now)
	if err != nil {
		return err
	}
	if !gap.Everyone && len(gap.Customers) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), restorePatience)
	defer cancel()
	var numbers []uint32
	if !gap.Everyone {
		numbers = numbersOf(gap.Customers, names)
		if len(numbers) == 0 { // nobody that has been counted
			e.meter.Restored()
			return nil
		}
	}
	return e.restore(ctx, names, numbers)
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
