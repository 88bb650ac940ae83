package containers

import (
	"context"
	"fmt"
	"time"

	"github.com/haproof/haproof/harness"
)

func init() { registerFault(harness.FaultRestart, restart) }

// restart kills a node and starts it again in its directory, with what it had on
// disk. It is over when the node does its work.
func restart(ctx context.Context, l *lab, n *node, f harness.Fault) error {
	if err := kill(ctx, l, n, f); err != nil {
		return err
	}
	due := time.NewTimer(f.After)
	defer due.Stop()
	if err := n.current().stop(ctx); err != nil { // it has ended; this clears away what is left of it
		return err
	}
	select {
	case <-due.C:
	case <-ctx.Done():
		return ctx.Err()
	}
	ctx, cancel := context.WithTimeoutCause(ctx, startWithin, fmt.Errorf("not up after %v", startWithin))
	defer cancel()
	return l.bring(ctx, n, n.spec)
}
