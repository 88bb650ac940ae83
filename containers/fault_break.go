package containers

import (
	"context"

	"github.com/haproof/haproof/harness"
)

func init() { registerFault(harness.FaultBreak, wordless(breakOff)) }

// breakOff has a web node's PHP announce more than it sends, as one does that dies over
// an answer: the connection ends within the body. Users see a page that is cut off. Its
// header had passed the proxy, so it is charged.
func breakOff(ctx context.Context, _ *lab, n *node, f harness.Fault) error {
	return misbehave(ctx, n, f, "break")
}
