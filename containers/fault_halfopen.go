package containers

import (
	"context"
	"errors"

	"github.com/haproof/haproof/harness"
)

func init() { registerFault(harness.FaultHalfOpen, wordless(halfOpen)) }

// halfOpen loses every byte between proxies and a tracker, and tells neither that the
// other has gone, as a machine does that loses its power: new connections are accepted
// and stay silent. Users see nothing. Afterwards all connections end.
func halfOpen(ctx context.Context, l *lab, n *node, f harness.Fault) error {
	r := l.plan.relays[n.name]
	return while(ctx, n, f, func() error { return r.poison("silence", nil) }, func() error {
		r.cut() // nobody may come while the silence is taken out: it waits for their end
		return errors.Join(r.cure("silence"), r.open())
	})
}
