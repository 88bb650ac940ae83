package containers

import (
	"context"
	"fmt"
	"syscall"
	"time"

	"github.com/haproof/haproof/harness"
)

func init() { registerFault(harness.FaultRestart, wordless(restart)) }

// endWithin bounds how long a node may take to end by a polite signal: as long as
// HAProxy grants its clients and servers.
const endWithin = 70 * time.Second

// restart ends a node and starts it again in its directory, with what it had on
// disk. It is over when the node does its work.
//
// By kill all connections break and what was not written is lost. By term the
// program ends by its own rules: HAProxy ends its connections at once, the tracker
// writes what it knows. By usr1 HAProxy takes nobody new and serves those who are
// there until they leave; new clients are refused meanwhile. The next process starts
// when the last one has ended, as both would have the same addresses.
func restart(ctx context.Context, l *lab, n *node, f harness.Fault) error {
	began := time.Now()
	if err := end(ctx, l, n, f); err != nil {
		return err
	}
	if err := n.current().stop(ctx); err != nil { // it has ended; this clears away what is left of it
		return err
	}
	if err := pass(ctx, f.After-time.Since(began)); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, startWithin, fmt.Errorf("not up after %v", startWithin))
	defer cancel()
	return l.bring(ctx, n, n.spec)
}

// end ends a node by the signal of the fault.
func end(ctx context.Context, l *lab, n *node, f harness.Fault) error {
	switch f.Signal {
	case "", "kill":
		return kill(ctx, l, n, f)
	case "term":
		return endBy(ctx, l, n, syscall.SIGTERM)
	case "usr1":
		return endBy(ctx, l, n, syscall.SIGUSR1)
	}
	return fmt.Errorf("unknown signal %q", f.Signal)
}

// endBy sends a signal and waits for the end of all that the node runs. One that does
// not end is killed, and that is an error.
func endBy(ctx context.Context, l *lab, n *node, s syscall.Signal) error {
	n.becomes(killed) // from here on its end is no failure
	if err := n.current().signal(ctx, s); err != nil {
		return err
	}
	patience := time.NewTimer(endWithin)
	defer patience.Stop()
	select {
	case <-n.current().exited():
		return nil
	case <-patience.C:
		if err := kill(ctx, l, n, harness.Fault{}); err != nil {
			return err
		}
		return fmt.Errorf("it had not ended %v after %v", endWithin, s)
	case <-ctx.Done():
		return ctx.Err()
	}
}
