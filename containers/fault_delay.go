package containers

import (
	"context"

	"github.com/haproof/haproof/harness"
)

func init() { registerFault(harness.FaultDelay, wordless(delay)) }

// delay has every byte between proxies and a tracker come late, in each direction, as
// over a long way. Users see nothing; the tracker knows later.
func delay(ctx context.Context, l *lab, n *node, f harness.Fault) error {
	r := l.plan.relays[n.name]
	late := map[string]int64{"latency": f.Delay.Milliseconds()}
	return while(ctx, n, f, func() error { return r.poison("latency", late) }, func() error { return r.cure("latency") })
}
