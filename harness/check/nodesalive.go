package check

import (
	"strings"

	"github.com/haproof/haproof/harness"
)

var _ = register("nodes-alive", func(*options) harness.AnyCheck { return nodesAlive{} })

// nodesAlive demands that no node ended while the lab was up.
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
	return named(c.Name(), pass("%s lived to the end", count(uint64(len(rec.Nodes)), "node", "nodes")))
}
