package containers

import (
	"context"

	"github.com/haproof/haproof/harness"
)

func init() { registerFault(harness.FaultKill, wordless(kill)) }

// kill ends all of a node's programs at once, as SIGKILL does.
func kill(ctx context.Context, _ *lab, n *node, _ harness.Fault) error {
	n.becomes(killed) // first, or its death would look like a failure for a moment
	return n.current().kill(ctx)
}
