package containers

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/haproof/haproof/harness"
	"github.com/haproof/haproof/harness/runtimeapi"
	"github.com/haproof/haproof/harness/witness"
)

// lab is a running topology on one engine.
type lab struct {
	id     string
	plan   *plan
	engine engine

	ailing   atomic.Pointer[node] // the last that had not recovered
	closing  sync.Once
	closed   error
	mu       sync.Mutex
	over     bool                  // Close has begun: ends of nodes are no failures any more
	failures []harness.NodeFailure // as they were when Close began
}

var _ harness.Lab = (*lab)(nil)

// Endpoints returns the proxies, or for the direct route the web nodes, which
// have no HTTPS.
func (l *lab) Endpoints(route harness.Route) []harness.Endpoint {
	var endpoints []harness.Endpoint
	if route == harness.RouteDirect {
		for _, n := range l.plan.of(harness.TierBackend) {
			endpoints = append(endpoints, harness.Endpoint{Node: n.name, HTTP: n.at(ports.HTTP)})
		}
		return endpoints
	}
	for _, n := range l.plan.of(harness.TierProxy) {
		endpoints = append(endpoints, harness.Endpoint{
			Node: n.name, HTTP: n.at(ports.HTTP), HTTPS: n.at(ports.HTTPS), RootPEM: l.plan.authority.pem,
		})
	}
	return endpoints
}

// Nodes describes the running nodes, by tier and number.
func (l *lab) Nodes() []harness.Node {
	born := l.plan.born()
	nodes := make([]harness.Node, len(born))
	for i, n := range born {
		nodes[i] = harness.Node{
			Name: n.name, Tier: n.tierName, Kind: n.component.kind, Version: n.version,
			Address: n.site.Address, CPUs: n.tier.CPUs, Limited: n.current().limited(),
		}
	}
	return nodes
}

// Witnesses returns the origin always, HAProxy's table and log where there is a
// proxy that counts, and the tracker where one does its work.
func (l *lab) Witnesses() []harness.Witness {
	witnesses := []harness.Witness{witness.NewOrigin(logsOf(l.plan.of(harness.TierBackend), "origin.log"))}
	if proxies := l.plan.of(harness.TierProxy); len(proxies) > 0 {
		apis := map[string]*runtimeapi.Client{}
		for _, n := range proxies {
			apis[n.name] = runtimeapi.New(n.at(ports.Runtime))
		}
		if !l.plan.uncounted {
			witnesses = append(witnesses, witness.NewStickTable(apis, l.plan.table(), l.plan.peered()))
		}
		witnesses = append(witnesses, witness.NewProxyLog(logsOf(proxies, "haproxy.log")))
	}
	for _, n := range l.plan.working(harness.TierTracker) {
		name := harness.WitnessTracker
		if len(l.plan.of(harness.TierTracker)) > 1 {
			name = n.name // each counts all, so each testifies for itself
		}
		witnesses = append(witnesses, witness.NewTracker(name, "https://"+n.at(ports.TrackerAPI), trackerAccess(l.plan, n)))
	}
	return witnesses
}

func logsOf(nodes []*node, path string) map[string]witness.Opener {
	logs := map[string]witness.Opener{}
	for _, n := range nodes {
		logs[n.name] = func(ctx context.Context) (io.ReadCloser, error) { return n.current().open(ctx, path) }
	}
	return logs
}

// Usage reads what each node has consumed since its start, but for those that
// were killed on purpose.
func (l *lab) Usage(ctx context.Context) ([]harness.Usage, error) {
	living := slices.DeleteFunc(l.plan.born(), func(n *node) bool { return n.meets() == killed })
	usage := make([]harness.Usage, len(living))
	err := each(ctx, living, func(ctx context.Context, n *node) error {
		usage[slices.Index(living, n)] = n.usage(ctx)
		return ctx.Err()
	})
	return usage, err
}

// Failures names the nodes that ended without being told to.
func (l *lab) Failures() []harness.NodeFailure {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.over {
		return l.failures
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	var failures []harness.NodeFailure
	for _, n := range l.plan.nodes {
		if n.current() != nil && n.meets() != killed && n.dead() {
			failures = append(failures, n.failure(ctx))
		}
	}
	return failures
}

// failureLines is how many last lines of a dead node's log are kept.
const failureLines = 20

// Close stops the nodes in the reverse order of their start, and gives back
// what the engine reserved. Closing again returns the same error.
func (l *lab) Close() error {
	l.closing.Do(func() { l.closed = l.close() })
	return l.closed
}

func (l *lab) close() error {
	failures := l.Failures()
	l.mu.Lock()
	l.over, l.failures = true, failures
	l.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), 4*stopWithin)
	defer cancel()
	var errs []error
	for stage := lastStage; stage >= 0; stage-- {
		errs = append(errs, stopAll(ctx, l.plan.stage(stage))...)
	}
	l.closeRelays()
	if err := errors.Join(append(errs, l.engine.release(ctx))...); err != nil {
		return fmt.Errorf("close lab %s: %w", l.id, err)
	}
	return nil
}

// stopAll stops nodes at once. One that will not stop does not keep the others.
func stopAll(ctx context.Context, nodes []*node) []error {
	errs := make([]error, len(nodes))
	var group sync.WaitGroup
	for i, n := range nodes {
		p := n.current()
		if p == nil {
			continue
		}
		group.Go(func() {
			var err error
			if n.meets() == stopped {
				err = release(n)
			}
			if err := errors.Join(err, p.stop(ctx)); err != nil {
				errs[i] = fmt.Errorf("stop %s: %w", n.name, err)
			}
		})
	}
	group.Wait()
	return errs
}
