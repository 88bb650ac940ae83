package containers

import (
	"context"

	"github.com/haproof/haproof/harness"
)

func init() { registerFault(harness.FaultReset, wordless(resetConnections)) }

// resetConnections ends a tracker's connections to proxies with RST, once, as a
// firewall does that has forgotten them. What was on its way is lost and taught again.
// Users see nothing.
func resetConnections(_ context.Context, l *lab, n *node, _ harness.Fault) error {
	l.plan.relays[n.name].reset()
	return nil
}
