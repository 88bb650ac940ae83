package containers

import (
	"context"

	"github.com/haproof/haproof/harness"
)

func init() { registerFault(harness.FaultThrottle, wordless(throttle)) }

// throttledRate is in bytes per second: less than one message of a busy proxy each
// tenth of a second.
const throttledRate = 200

// narrowBuffer is what a proxy may have on the way in labs that may throttle, in bytes.
// Else the kernel would keep half a megabyte for it before a write waits.
const narrowBuffer = 16 << 10

// sendBuffer limits what the kernel keeps of a proxy's words to servers and peers; 0
// leaves it to the kernel.
func (p *plan) sendBuffer() int {
	for _, n := range p.of(harness.TierTracker) {
		if p.mayMeet(n, harness.FaultThrottle) {
			return narrowBuffer
		}
	}
	return 0
}

// throttle has a tracker's connections carry a few bytes per second, so that proxies
// cannot write. Users see nothing. A proxy that hears nothing for long enough connects
// anew.
func throttle(ctx context.Context, l *lab, n *node, f harness.Fault) error {
	r := l.plan.relays[n.name]
	rate := map[string]int{"rate": throttledRate}
	return while(ctx, n, f, func() error { return r.poison("trickle", rate) }, func() error { return r.cure("trickle") })
}
