package containers

import (
	"context"

	"github.com/haproof/haproof/harness"
)

func init() { registerFault(harness.FaultError, wordless(fail)) }

// fail has a web node's PHP answer 500 to everything. Users see an error page; it is a
// dynamic answer like any other, and is charged.
func fail(ctx context.Context, _ *lab, n *node, f harness.Fault) error {
	return misbehave(ctx, n, f, "error")
}
