package check

import (
	"fmt"
	"slices"
	"strings"

	"github.com/haproof/haproof/harness"
)

var _ = register("cpu-limits", func(*options) harness.AnyCheck { return cpuLimits{} })

// cpuLimits wants every CPU limit that the scenario asks for to be in force.
// Otherwise a throughput curve says nothing about its nodes: unknown. Not every
// engine on every machine can limit.
type cpuLimits struct{}

var _ harness.Check = cpuLimits{}

func (cpuLimits) Name() string { return "cpu-limits" }

func (c cpuLimits) Judge(rec *harness.Record) harness.Verdict {
	return named(c.Name(), c.judge(rec))
}

func (cpuLimits) judge(rec *harness.Record) harness.Verdict {
	topology := rec.Cell.Scenario.Topology
	var f findings
	var asked, missing uint64
	for _, name := range topology.TierNames() {
		tier := topology[name]
		if tier.CPUs == 0 {
			continue
		}
		want := uint64(max(1, tier.Count))
		asked += want
		for range want - min(want, limited(rec, name, tier, &f)) {
			missing++
		}
	}
	switch {
	case asked == 0:
		return unknown("no tier asks for a CPU limit, so there is nothing to check")
	case missing > 0:
		return f.on(unknown("%s of %s not in force: %s", num(missing), count(asked, "CPU limit is", "CPU limits are"), subjects(f)))
	}
	return pass("%s in force", count(asked, "CPU limit is", "CPU limits are"))
}

// limited returns how many nodes of a tier have the limit in force.
func limited(rec *harness.Record, name string, tier harness.Tier, f *findings) uint64 {
	var n, nodes uint64
	for _, node := range rec.Nodes {
		if node.Tier != name {
			continue
		}
		nodes++
		if node.Limited && node.CPUs == tier.CPUs {
			n++
			continue
		}
		f.add(node.Name, "asked for %g CPUs, limited: %v", tier.CPUs, node.Limited)
	}
	if want := uint64(max(1, tier.Count)); nodes < want {
		f.add(name, "%d of %d nodes are in the record", nodes, want)
	}
	return n
}

func subjects(f findings) string {
	var names []string
	for _, finding := range f.list {
		names = append(names, finding.Subject)
	}
	slices.Sort(names)
	if len(names) > 5 {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:5], ", "), len(names)-5+f.omitted)
	}
	return strings.Join(names, ", ")
}
