package containers

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// pollEvery is how often a condition is asked for again.
const pollEvery = 20 * time.Millisecond

// await asks until the condition is met. When ctx ends first, the error says
// what was missing last.
func await(ctx context.Context, what string, condition func(context.Context) error) error {
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	var missing error
	for {
		err := condition(ctx)
		if err == nil {
			return nil
		}
		if missing == nil || !over(ctx) {
			missing = err // what ctx cut short says less than what was said before
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s: %w: %w", what, missing, context.Cause(ctx))
		case <-tick.C:
		}
	}
}

// over says whether ctx has ended. Its deadline is looked at too: what it cuts
// short can return a moment before ctx itself says so.
func over(ctx context.Context) bool {
	deadline, limited := ctx.Deadline()
	return ctx.Err() != nil || (limited && !time.Now().Before(deadline))
}

// each runs f for all nodes at once and joins what went wrong. The first error
// that is not the end of ctx itself ends the others.
func each(ctx context.Context, nodes []*node, f func(context.Context, *node) error) error {
	inner, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	errs := make([]error, len(nodes))
	var group sync.WaitGroup
	for i, n := range nodes {
		group.Go(func() {
			err := f(inner, n)
			if err == nil || (ctx.Err() == nil && errors.Is(err, errGivenUp)) {
				return
			}
			errs[i] = named(n, err)
			if ctx.Err() == nil {
				cancel(errGivenUp)
			}
		})
	}
	group.Wait()
	return errors.Join(errs...)
}

// named says which node an error is about, unless it says so itself.
func named(n *node, err error) error {
	var dead *NodeError
	if errors.As(err, &dead) {
		return err
	}
	return fmt.Errorf("%s: %w", n.name, err)
}

// errGivenUp ends the wait for nodes that are fine when another one is not.
var errGivenUp = errors.New("given up because of another node")
