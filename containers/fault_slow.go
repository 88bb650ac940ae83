package containers

import (
	"context"
	"fmt"

	"github.com/haproof/haproof/harness"
)

func init() { registerFault(harness.FaultSlow, wordless(slow)) }

// slow has a web node's PHP wait before each dynamic answer, as for a busy database.
// Users wait as long, and longer where all its PHP processes wait (threads of the tier).
// Static files are as fast as ever.
func slow(ctx context.Context, _ *lab, n *node, f harness.Fault) error {
	return misbehave(ctx, n, f, fmt.Sprintf("slow %d", f.Delay.Microseconds()))
}
