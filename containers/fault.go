package containers

import (
	"context"
	"fmt"
	"slices"

	"github.com/haproof/haproof/harness"
)

var _ harness.Disturber = (*lab)(nil)

// faultKind plays one kind of fault on a node and returns when it is over.
type faultKind func(ctx context.Context, l *lab, n *node, f harness.Fault) error

var faultKinds = map[string]faultKind{}

// registerFault adds a kind of fault. Each is registered by the init function of
// its file.
func registerFault(name string, play faultKind) {
	if _, twice := faultKinds[name]; twice {
		panic("fault " + name + " registered twice")
	}
	faultKinds[name] = play
}

// Disturb plays a fault, see harness.Disturber. Faults on one node wait for each
// other. It is an error to disturb a node that does not live.
func (l *lab) Disturb(ctx context.Context, f harness.Fault) error {
	i := slices.IndexFunc(l.plan.nodes, func(n *node) bool { return n.name == f.Node })
	if i < 0 {
		return fmt.Errorf("the lab has no node %q", f.Node)
	}
	play, ok := faultKinds[f.Do]
	if !ok {
		return fmt.Errorf("unknown fault %q", f.Do)
	}
	n := l.plan.nodes[i]
	n.disturbing.Lock()
	defer n.disturbing.Unlock()
	if fate := n.meets(); fate != running {
		return fmt.Errorf("%s cannot be disturbed: %v", n.name, fate)
	}
	if n.dead() {
		return fmt.Errorf("%s cannot be disturbed: it has ended", n.name)
	}
	return play(ctx, l, n, f)
}
