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

// settleWithin bounds how long Settle waits. HAProxy calls a lost peer every 5 s, and
// its old process tries for 5 s to reach a successor that will not listen.
const settleWithin = 20 * time.Second

// settleEvery is the time between two looks. HAProxy 3.2 and later show an
// update some milliseconds late, so two looks must not follow at once.
const settleEvery = 50 * time.Millisecond

// Settle returns when nobody has anything left to say, twice in a row: no proxy
// serves a client, so every log line is written, and no worker lives that was told to
// stop; no web node answers anything; every tracker is connected, has acknowledged
// every update and counted every line of the drain log that reached it. Nodes that are
// dead or stopped on purpose are not waited for. It never looks at the counts.
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
				busy[i] = trackerBusy(ctx, l.plan, n)
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

// proxyBusy wants no session on the frontend that takes attempts, nobody who still
// serves those of an earlier process, and peers that have nothing left to say.
func (l *lab) proxyBusy(ctx context.Context, n *node) error {
	if err := oldWorkersGone(ctx, n); err != nil {
		return err
	}
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

// oldWorkersGone asks the master whether workers live that were told to stop. Of those
// the Runtime API says nothing.
func oldWorkersGone(ctx context.Context, n *node) error {
	processes, err := runtimeapi.New(n.at(ports.Master)).ShowProc(ctx)
	if err != nil {
		return err
	}
	if len(processes.Old) > 0 {
		return fmt.Errorf("%d old workers still serve", len(processes.Old))
	}
	return nil
}

// reachable leaves out the peers that are dead or stopped on purpose.
func (p *plan) reachable(sections []runtimeapi.PeersSection) []runtimeapi.PeersSection {
	return p.among(sections, slices.Concat(p.working(harness.TierProxy), p.working(harness.TierTracker)))
}

// among leaves out the peers that are none of the nodes.
func (p *plan) among(sections []runtimeapi.PeersSection, nodes []*node) []runtimeapi.PeersSection {
	known := map[string]bool{}
	for _, n := range nodes {
		known[p.peer(n)] = true
	}
	kept := slices.Clone(sections)
	for i := range kept {
		kept[i].Peers = slices.DeleteFunc(slices.Clone(kept[i].Peers), func(peer runtimeapi.Peer) bool { return !known[peer.Name] })
	}
	return kept
}

// trackerBusy wants every proxy connected that works, as one that was started again has
// to be told everything, and no line of the drain log on its way. A line is in the
// tracker's socket by the time that the process ends which sent it.
func trackerBusy(ctx context.Context, p *plan, n *node) error {
	if err := trackerComplete(ctx, p, n); err != nil || !p.exact() {
		return err
	}
	metrics, err := trackerMetrics(ctx, p, n, "quota_tracker_drain_unread_bytes", "quota_tracker_drain_uncounted_lines")
	if err != nil {
		return err
	}
	if bytes, lines := metrics[0], metrics[1]; bytes > 0 || lines > 0 {
		return fmt.Errorf("%v bytes of the drain log are unread and %v lines uncounted", bytes, lines)
	}
	return nil
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
