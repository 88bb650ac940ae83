package containers

import (
	"context"

	"github.com/haproof/haproof/harness"
)

func init() { registerFault(harness.FaultCut, wordless(cut)) }

// cut ends a tracker's connections to proxies and refuses new ones, as a firewall does
// that rejects. Users see nothing. Proxies try again every few seconds, and teach what
// was not acknowledged.
func cut(ctx context.Context, l *lab, n *node, f harness.Fault) error {
	r := l.plan.relays[n.name]
	return while(ctx, n, f, func() error { r.cut(); return nil }, r.open)
}
