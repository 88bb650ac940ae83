package containers

import (
	"context"
	"time"

	"github.com/haproof/haproof/harness"
)

func init() { registerFault(harness.FaultStop, wordless(stop)) }

// resumeWithin bounds how long it may take to let a node go on.
const resumeWithin = 10 * time.Second

// stop holds all of a node's programs, as SIGSTOP does: its kernel still accepts
// connections, nobody reads them. The node goes on afterwards whatever happens.
func stop(ctx context.Context, _ *lab, n *node, f harness.Fault) error {
	if err := hold(ctx, n); err != nil {
		return err
	}
	cut := pass(ctx, f.For)
	if err := release(n); err != nil {
		return err
	}
	return cut
}

// hold stops a node until it is released. One that cannot be stopped goes on, with
// those of its programs too that were.
func hold(ctx context.Context, n *node) error {
	n.becomes(stopped)
	err := n.current().pause(ctx)
	if err != nil {
		_ = release(n) // what is running already cannot be let go on
		n.becomes(running)
	}
	return err
}

// release lets a stopped node go on, also when the caller's time is over.
func release(n *node) error {
	ctx, cancel := context.WithTimeout(context.Background(), resumeWithin)
	defer cancel()
	err := n.current().resume(ctx)
	if err == nil {
		n.becomes(running)
	}
	return err
}
