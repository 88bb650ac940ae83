package check

import (
	"slices"
	"strings"

	"github.com/haproof/haproof/harness"
)

var _ = register("nodes-alive", func(*options) harness.AnyCheck { return nodesAlive{} })

// nodesAlive demands that no node ended while the lab was up, but for those that a
// fault or a state of the scenario ended.
type nodesAlive struct{}

var _ harness.Check = nodesAlive{}

func (nodesAlive) Name() string { return "nodes-alive" }

func (c nodesAlive) Judge(rec *harness.Record) harness.Verdict {
	var f findings
	var names []string
	for _, failure := range rec.Failures {
		names = append(names, failure.Node)
		text := failure.Reason
		if n := len(failure.Log); n > 0 {
			text += "; its last line: " + failure.Log[n-1]
		}
		f.add(failure.Node, "%s", text)
	}
	switch {
	case len(names) > 0:
		return named(c.Name(), f.on(fail("%s died: %s", count(uint64(len(names)), "node", "nodes"), strings.Join(names, ", "))))
	case len(rec.Nodes) == 0:
		return named(c.Name(), unknown("the record names no node"))
	}
	gone, who := onPurpose(rec)
	alive := count(uint64(len(rec.Nodes)-gone), "node", "nodes")
	if who == "" {
		return named(c.Name(), pass("%s lived to the end", alive))
	}
	return named(c.Name(), pass("%s lived to the end, unlike %s", alive, who))
}

// onPurpose says how many nodes of the record, and which, the scenario wanted dead or
// stopped.
func onPurpose(rec *harness.Record) (gone int, who string) {
	if left := rec.Settlement.LeftOut; len(left) > 0 {
		for _, n := range rec.Nodes {
			if slices.ContainsFunc(left, func(text string) bool { return strings.HasPrefix(text, n.Name+" ") }) {
				gone++
			}
		}
		return gone, strings.Join(left, ", ")
	}
	state := rec.Cell.Scenario.Topology.Tracking()
	if state.Running() || state == harness.TrackerOff {
		return 0, ""
	}
	for _, n := range rec.Nodes {
		if n.Tier == harness.TierTracker {
			gone++
		}
	}
	return gone, "trackers, which the scenario wants " + string(state)
}
