package containers

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/haproof/haproof/harness"
	"github.com/haproof/haproof/harness/runtimeapi"
)

// settleWithin bounds how long Settle waits.
const settleWithin = 10 * time.Second

// settleEvery is the time between two looks. HAProxy 3.2 and later show an
// update some milliseconds late, so two looks must not follow at once.
const settleEvery = 50 * time.Millisecond

// Settle returns when nobody has anything left to say, twice in a row: no proxy
// serves a client, so every log line is written; no web node answers anything;
// every tracker is connected and has acknowledged every update. Nodes that are dead
// or stopped on purpose are not waited for. It never looks at the counts.
func (l *lab) Settle(ctx context.Context) (harness.Settlement, error) {
	began := time.Now()
	inner, cancel := context.WithTimeout(ctx, settleWithin)
	defer cancel()
	tick := time.NewTicker(settleEvery)
	defer tick.Stop()
	var missing []string
	for quiet := 0; quiet < 2; {
		now := l.restless(inner)
		quiet++
		if len(now) > 0 {
			quiet = 0
		}
		if missing == nil || !over(inner) {
			missing = now
		}
		select {
		case <-inner.Done():
			if quiet < 2 {
				return l.unsettled(ctx, began, missing)
			}
		case <-tick.C:
		}
	}
	return harness.Settlement{Settled: true, Took: time.Since(began), LeftOut: l.leftOut()}, nil
}

// leftOut says which nodes are not waited for, and why.
func (l *lab) leftOut() []string {
	var names []string
	for _, n := range l.plan.nodes {
		if fate := n.meets(); fate != running {
			names = append(names, n.name+" ("+fate.String()+")")
		}
	}
	return names
}

// unsettled is an answer if time ran out, and an error if ctx was cancelled.
func (l *lab) unsettled(ctx context.Context, began time.Time, missing []string) (harness.Settlement, error) {
	s := harness.Settlement{Took: time.Since(began), Missing: missing, LeftOut: l.leftOut()}
	if len(missing) == 0 {
		s.Missing = []string{"a second look that confirms the first"}
	}
	if errors.Is(ctx.Err(), context.Canceled) {
		return s, context.Cause(ctx)
	}
	return s, nil
}

// restless says what each node is still busy with.
func (l *lab) restless(ctx context.Context) []string {
	busy := make([]error, len(l.plan.nodes))
	var group sync.WaitGroup
	for i, n := range l.plan.nodes {
		if n.meets() != running {
			continue
		}
		group.Go(func() {
			switch n.tierName {
			case harness.TierProxy:
				busy[i] = l.proxyBusy(ctx, n)
			case harness.TierBackend:
				busy[i] = webBusy(ctx, n)
			case harness.TierTracker:
				busy[i] = trackerComplete(ctx, l.plan, n) // one that was started again has to be told everything
			}
		})
	}
	group.Wait()
	var missing []string
	for i, err := range busy {
		if err != nil {
			missing = append(missing, l.plan.nodes[i].name+": "+err.Error())
		}
	}
	return missing
}

// proxyBusy wants no session on the frontend that takes attempts, and peers
// that have nothing left to say.
func (l *lab) proxyBusy(ctx context.Context, n *node) error {
	api := runtimeapi.New(n.at(ports.Runtime))
	rows, err := api.ShowStat(ctx)
	if err != nil {
		return err
	}
	for _, row := range rows {
		if row["pxname"] == "traffic" && row["svname"] == "FRONTEND" && row["scur"] != "0" {
			return fmt.Errorf("%s sessions of clients are open", row["scur"])
		}
	}
	if len(l.plan.working(harness.TierTracker)) == 0 {
		return nil
	}
	sections, err := api.ShowPeers(ctx)
	if err != nil {
		return err
	}
	if quiet, left := runtimeapi.Quiet(l.plan.reachable(sections)); !quiet {
		return errors.New(left)
	}
	return nil
}

// reachable leaves out the peers that are dead or stopped on purpose.
func (p *plan) reachable(sections []runtimeapi.PeersSection) []runtimeapi.PeersSection {
	gone := map[string]bool{}
	for _, n := range p.nodes {
		gone[p.peer(n)] = n.meets() != running
	}
	kept := slices.Clone(sections)
	for i := range kept {
		kept[i].Peers = slices.DeleteFunc(slices.Clone(kept[i].Peers), func(peer runtimeapi.Peer) bool { return gone[peer.Name] })
	}
	return kept
}

// webBusy wants nothing read and nothing written but the status page itself.
// Connections that wait are the proxies' idle ones.
func webBusy(ctx context.Context, n *node) error {
	s, err := webStatus(ctx, n)
	if err != nil {
		return err
	}
	if s.reading > 0 || s.writing > 1 {
		return fmt.Errorf("%d requests being read and %d answered", s.reading, s.writing-min(1, s.writing))
	}
	return nil
}
