package containers

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/haproof/haproof/harness"
)

// A lab may take startWithin to come up, and startPerNode more for each node:
// several large labs are often started at once.
const (
	startWithin  = time.Minute
	startPerNode = time.Second
)

// lastStage is the stage of the start that needs all others.
const lastStage = 1

// Fit says all that keeps a lab of the scenario from running on this machine, as
// far as that is known before anything is started: *EnvironmentError, several of
// them joined. Start asks again.
func Fit(ctx context.Context, sc harness.Scenario, opts Options) error {
	chosen, _, err := Choose(ctx, opts.Engine)
	if err != nil {
		return err
	}
	p, err := newPlan(sc, opts, chosen)
	if err != nil {
		return err
	}
	return p.fits(ctx)
}

// Start brings the scenario's topology up and returns when every node does its
// work. ctx ends the start, not the lab. A start that fails, or is ended, takes
// down what it had brought up. An *EnvironmentError says what the machine lacks,
// a *NodeError which node died.
func Start(ctx context.Context, sc harness.Scenario, opts Options) (harness.Lab, error) {
	chosen, why, err := Choose(ctx, opts.Engine)
	if err != nil {
		return nil, err
	}
	opts.log().Debug("engine chosen", "engine", chosen, "because", why)
	p, err := newPlan(sc, opts, chosen)
	if err != nil {
		return nil, err
	}
	if err := p.fits(ctx); err != nil {
		return nil, err
	}
	patience := startWithin + time.Duration(len(p.nodes))*startPerNode
	ctx, cancel := context.WithTimeoutCause(ctx, patience, fmt.Errorf("not up after %v", patience))
	defer cancel()
	if err := sweep(ctx, chosen, opts); err != nil {
		opts.log().Warn("could not clear away an earlier lab", "error", err)
	}
	engine, err := newEngine(ctx, chosen, opts)
	if err != nil {
		return nil, err
	}
	l := &lab{id: strings.ToLower(rand.Text()[:10]), plan: p, engine: engine}
	if err := l.up(ctx); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return l, nil
}

// up reserves, renders and starts. Nothing starts before everything is rendered.
func (l *lab) up(ctx context.Context) error {
	began := time.Now()
	sites, err := l.engine.reserve(ctx, l.id, l.plan.names())
	if err != nil {
		return fmt.Errorf("reserve addresses: %w", err)
	}
	for _, n := range l.plan.nodes {
		n.site = sites[n.name]
	}
	if err := l.prepareFaults(); err != nil {
		return err
	}
	for _, n := range l.plan.nodes {
		if n.spec, err = n.component.render(l.plan, n); err != nil {
			return fmt.Errorf("%s: %w", n.name, err)
		}
	}
	for stage := 0; stage <= lastStage; stage++ {
		err := each(ctx, l.plan.stage(stage), func(ctx context.Context, n *node) error { return l.bring(ctx, n, n.spec) })
		if err != nil {
			return fmt.Errorf("start lab %s: %w", l.id, err)
		}
	}
	if err := each(ctx, l.plan.born(), l.complete); err != nil {
		return fmt.Errorf("start lab %s: %w", l.id, err)
	}
	if err := each(ctx, l.plan.working(harness.TierTracker), l.doom); err != nil {
		return fmt.Errorf("start lab %s: %w", l.id, err)
	}
	l.plan.options.log().Debug("lab is up", "lab", l.id, "nodes", len(l.plan.nodes), "took", time.Since(began))
	return nil
}

// bring starts one node and waits until it does its work, or dies.
func (l *lab) bring(ctx context.Context, n *node, spec nodeSpec) error {
	process, err := l.engine.start(ctx, spec)
	if err != nil {
		return err
	}
	n.runs(process)
	return n.alive(ctx, func(ctx context.Context) error {
		err := await(ctx, "ready", func(ctx context.Context) error { return n.component.ready(ctx, l.plan, n) })
		if err == nil {
			n.version, err = n.component.version(ctx, l.plan, n)
		}
		if err == nil && n.tier.State == harness.TrackerSlow {
			err = process.limit(ctx, n.tier.CPUs)
		}
		return err
	})
}

// complete waits until a node has met those that started after it.
func (l *lab) complete(ctx context.Context, n *node) error {
	if n.component.complete == nil {
		return nil
	}
	return n.alive(ctx, func(ctx context.Context) error {
		return await(ctx, "complete", func(ctx context.Context) error { return n.component.complete(ctx, l.plan, n) })
	})
}

// doom does to a node that is up what the state of its tier asks for.
func (l *lab) doom(ctx context.Context, n *node) error {
	switch n.tier.State {
	case harness.TrackerDead:
		return kill(ctx, l, n, harness.Fault{})
	case harness.TrackerStalled:
		return hold(ctx, n)
	}
	return nil
}

// alive runs f, whose context ends when the node dies; then that is the error.
func (n *node) alive(ctx context.Context, f func(context.Context) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	watching := make(chan struct{})
	go func() {
		defer close(watching)
		select {
		case <-n.current().exited():
			cancel(errDied)
		case <-ctx.Done():
		}
	}()
	err := f(ctx)
	cancel(nil)
	<-watching
	if err != nil && n.dead() {
		return n.death()
	}
	return err
}

var errDied = errors.New("the node died")

// death reports a node that ended while starting, by its own words if it has
// any. The context of the start may be over by now.
func (n *node) death() error {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	failure := n.failure(ctx)
	if words := n.component.complaint(failure.Log); len(words) > 0 {
		failure.Log = words
	}
	return &NodeError{Failure: failure}
}
