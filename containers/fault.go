package containers

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/haproof/haproof/harness"
)

var _ harness.Disturber = (*lab)(nil)

// faultKind plays one kind of fault on a node and returns when it is over.
type faultKind func(ctx context.Context, l *lab, n *node, f harness.Fault) (harness.Deed, error)

// sham is the deed of a fault that had nothing to be played on.
var sham = harness.Deed{Sham: true}

// wordless is a fault of which a judge needs to know no more than that it was played.
func wordless(play func(ctx context.Context, l *lab, n *node, f harness.Fault) error) faultKind {
	return func(ctx context.Context, l *lab, n *node, f harness.Fault) (harness.Deed, error) {
		return harness.Deed{}, play(ctx, l, n, f)
	}
}

var faultKinds = map[string]faultKind{}

// registerFault adds a kind of fault. Each is registered by the init function of
// its file.
func registerFault(name string, play faultKind) {
	if _, twice := faultKinds[name]; twice {
		panic("fault " + name + " registered twice")
	}
	faultKinds[name] = play
}

// counting is a fault of what a proxy counts: a sham where it counts nothing.
func counting(play faultKind) faultKind {
	return func(ctx context.Context, l *lab, n *node, f harness.Fault) (harness.Deed, error) {
		if l.plan.uncounted {
			return sham, nil
		}
		return play(ctx, l, n, f)
	}
}

// Disturb plays a fault, see harness.Disturber. Faults on one node wait for each
// other. It is an error to disturb a node that does not live.
func (l *lab) Disturb(ctx context.Context, f harness.Fault) (harness.Deed, error) {
	play, ok := faultKinds[f.Do]
	if !ok {
		return harness.Deed{}, fmt.Errorf("unknown fault %q", f.Do)
	}
	if l.plan.off[f.Node] {
		return sham, pass(ctx, f.For+f.After)
	}
	i := slices.IndexFunc(l.plan.nodes, func(n *node) bool { return n.name == f.Node })
	if i < 0 {
		return harness.Deed{}, fmt.Errorf("the lab has no node %q", f.Node)
	}
	n := l.plan.nodes[i]
	n.disturbing.Lock()
	defer n.disturbing.Unlock()
	if fate := n.meets(); fate != running {
		return harness.Deed{}, fmt.Errorf("%s %w: %v", n.name, harness.ErrNotThere, fate)
	}
	if n.dead() {
		return harness.Deed{}, fmt.Errorf("%s cannot be disturbed: it has ended", n.name)
	}
	return play(ctx, l, n, f)
}

// Recovered says what keeps the lab from working as before its faults, see
// harness.Disturber: every node that runs must be ready, and every tracker that
// runs be connected and have been told everything. It is asked again and again while
// attempts are driven, so it begins with the node that was the last to fail.
func (l *lab) Recovered(ctx context.Context) error {
	if n := l.ailing.Load(); n != nil {
		if err := l.recovered(ctx, n); err != nil {
			return err
		}
	}
	for _, n := range l.plan.nodes {
		if err := l.recovered(ctx, n); err != nil {
			l.ailing.Store(n)
			return err
		}
	}
	l.ailing.Store(nil)
	return nil
}

// recovered says what keeps a node from working, unless that is on purpose.
func (l *lab) recovered(ctx context.Context, n *node) error {
	if n.meets() != running {
		return nil
	}
	if err := n.component.ready(ctx, l.plan, n); err != nil {
		return fmt.Errorf("%s: %w", n.name, err)
	}
	if complete := n.component.complete; complete != nil {
		if err := complete(ctx, l.plan, n); err != nil {
			return fmt.Errorf("%s: %w", n.name, err)
		}
	}
	return nil
}

// pass waits for a time.
func pass(ctx context.Context, d time.Duration) error {
	over := time.NewTimer(d)
	defer over.Stop()
	select {
	case <-over.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// while does something to a node, and undoes it when the fault's time is over or the
// caller's is, whatever happens. Meanwhile nobody waits for what the node should do.
func while(ctx context.Context, n *node, f harness.Fault, do, undo func() error) error {
	n.becomes(hampered)
	defer n.becomes(running)
	if err := do(); err != nil {
		return errors.Join(err, undo())
	}
	return errors.Join(pass(ctx, f.For), undo())
}
