package containers

import (
	"crypto/rand"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/haproof/haproof/harness"
)

// MaxNodes bounds the nodes of one lab: each has its own address in one /24.
const MaxNodes = 200

// stopWithin is the patience between a node's polite and hard stop.
const stopWithin = 5 * time.Second

// plan is a lab before it runs.
type plan struct {
	options   Options
	engine    string
	workload  harness.Workload
	keys      harness.KeyStyle
	authority *authority
	token     string            // opens the trackers' APIs
	nodes     []*node           // by tier, then by number
	files     uint64            // descriptors that a node may open
	uncounted bool              // proxies count nothing
	off       map[string]bool   // nodes that the scenario names and the lab leaves out
	faults    []harness.Fault   // that the scenario may play
	relays    map[string]*relay // by tracker, see needsRelay
}

// newPlan validates the topology and names its nodes.
func newPlan(sc harness.Scenario, opts Options, engine string) (*plan, error) {
	ca, err := newAuthority()
	if err != nil {
		return nil, err
	}
	p := &plan{options: opts, engine: engine, workload: sc.Workload, keys: sc.Topology.KeyStyle(), authority: ca, token: rand.Text(), files: descriptorLimit(),
		off: map[string]bool{}, faults: sc.PossibleFaults(), relays: map[string]*relay{}}
	for _, name := range sc.Topology.TierNames() {
		if err := p.addTier(name, sc.Topology[name]); err != nil {
			return nil, err
		}
	}
	if len(p.nodes) == 0 || len(p.nodes) > MaxNodes {
		return nil, &EnvironmentError{What: fmt.Sprintf("a topology of %d nodes; a lab has 1 to %d", len(p.nodes), MaxNodes)}
	}
	if len(p.of(harness.TierBackend)) == 0 {
		return nil, &EnvironmentError{What: "a topology without a backend tier has nothing to answer attempts"}
	}
	return p, nil
}

func (p *plan) addTier(name string, tier harness.Tier) error {
	c, err := componentFor(name, tier.Kind)
	if err == nil {
		err = c.takes.check(name, tier)
	}
	if err != nil {
		return err
	}
	if strings.Contains(tier.Binary, "/") { // nodes work in directories of their own
		if tier.Binary, err = filepath.Abs(tier.Binary); err != nil {
			return err
		}
	}
	if tier.State == harness.TrackerOff {
		p.uncounted = true
		for i := range max(1, tier.Count) {
			p.off[fmt.Sprintf("%s%d", name, i+1)] = true
		}
		return nil
	}
	if tier.State == harness.TrackerSlow {
		tier.CPUs = harness.SlowCPUs
	}
	for i := range max(1, tier.Count) {
		n := &node{name: fmt.Sprintf("%s%d", name, i+1), tierName: name, tier: tier, component: c}
		if tier.State == harness.TrackerAbsent {
			n.fate = unborn
		}
		p.nodes = append(p.nodes, n)
	}
	return nil
}

// of returns the nodes of a tier in order.
func (p *plan) of(tier string) []*node {
	var nodes []*node
	for _, n := range p.nodes {
		if n.tierName == tier {
			nodes = append(nodes, n)
		}
	}
	return nodes
}

// stage returns the nodes of one stage of the start.
func (p *plan) stage(stage int) []*node {
	return slices.DeleteFunc(p.born(), func(n *node) bool { return n.component.stage != stage })
}

// born returns the nodes that are there, or were until they were killed.
func (p *plan) born() []*node {
	return slices.DeleteFunc(slices.Clone(p.nodes), func(n *node) bool { return n.meets() == unborn })
}

// working returns the nodes of a tier that do their work, as far as nothing was
// done to them on purpose.
func (p *plan) working(tier string) []*node {
	return slices.DeleteFunc(p.of(tier), func(n *node) bool { return n.meets() != running })
}

func (p *plan) names() []string {
	names := make([]string, len(p.nodes))
	for i, n := range p.nodes {
		names[i] = n.name
	}
	return names
}

// mayMeet says whether the scenario may play one of the faults on a node.
func (p *plan) mayMeet(n *node, faults ...string) bool {
	return slices.ContainsFunc(p.faults, func(f harness.Fault) bool { return f.Node == n.name && slices.Contains(faults, f.Do) })
}

// peer is the node's name in the peers protocol: a lone tracker is "tracker".
func (p *plan) peer(n *node) string {
	if alias := n.renamed(); alias != "" {
		return alias
	}
	if n.tierName == harness.TierTracker && len(p.of(harness.TierTracker)) == 1 {
		return harness.TierTracker
	}
	return n.name
}

// table is the quota table as HAProxy names it on its Runtime API; empty where
// nothing is counted.
func (p *plan) table() string {
	if p.uncounted {
		return ""
	}
	if len(p.of(harness.TierTracker)) > 0 {
		return "tracker/quota"
	}
	return "quota"
}

// limits are what the trackers hold customers to; nil for nothing.
func (p *plan) limits() *harness.Limits {
	if trackers := p.of(harness.TierTracker); len(trackers) > 0 {
		return trackers[0].tier.Limits
	}
	return nil
}

// spec fills in what is alike for all kinds.
func (p *plan) spec(n *node, files map[string]file, command []string, ports ...int) nodeSpec {
	spec := nodeSpec{
		Name: n.name, Tier: n.tierName, Kind: n.component.kind, Image: n.component.image(p, n), Site: n.site,
		Files: files, Command: command, Ports: ports, CPUs: n.tier.CPUs, Stop: stopWithin,
	}
	if n.tier.State == harness.TrackerSlow {
		spec.CPUs = 0 // it is held once it is up: held before, it may take half a minute to start
	}
	if filepath.IsAbs(n.tier.Binary) {
		spec.Mounts = map[string]string{n.tier.Binary: n.tier.Binary}
	}
	return spec
}
