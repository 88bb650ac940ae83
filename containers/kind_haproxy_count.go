package containers

import (
	"fmt"

	"github.com/haproof/haproof/harness"
)

// haproxyCount is how a proxy counts customers.
type haproxyCount struct {
	Exact       bool // keys have a generation, see harness.KeysExact
	Table       string
	Declaration string // of the table, after its name
	Slot        int    // the stick counter that tracks a customer
	BusySlot    bool   // it is taken already
	ClearLocal  bool   // the local peer has no TLS
	Drain       []string
}

// What a table is like where the scenario does not say: the talk's for plain keys,
// docs/TRACKER.md's for keys that have a generation.
const (
	plainLength = 8
	plainSize   = 10_000
	exactLength = 96
	exactSize   = 100_000
	generations = 16 // of every customer that the table of an exact proxy holds at least
)

// count says how proxies of a tier count; nil where they do not.
func (p *plan) count(proxy harness.Tier) *haproxyCount {
	if p.uncounted {
		return nil
	}
	exact := p.exact()
	t := p.shape(proxy)
	c := &haproxyCount{Exact: exact, Table: p.table(), Declaration: declare(t), BusySlot: t.BusySlot, ClearLocal: t.ClearLocal}
	if exact {
		c.Slot = 2
		for _, tracker := range p.of(harness.TierTracker) {
			c.Drain = append(c.Drain, tracker.at(ports.TrackerDrain))
		}
	}
	return c
}

// exact says whether the keys of proxies have a generation.
func (p *plan) exact() bool { return p.keys == harness.KeysExact }

// shape is the table that a tier asks for, with what it leaves out.
func (p *plan) shape(proxy harness.Tier) harness.Table {
	t := harness.Table{}
	if proxy.Table != nil {
		t = *proxy.Table
	}
	length, size := plainLength, plainSize
	if p.exact() {
		length, size = exactLength, max(exactSize, generations*p.workload.Customers)
	}
	if t.Length == 0 {
		t.Length = length
	}
	if t.Size == 0 {
		t.Size = size
	}
	return t
}

// declare says what a table is like, as HAProxy wants to read it.
func declare(t harness.Table) string {
	text := fmt.Sprintf("type string len %d size %d", t.Length, t.Size)
	if t.Expire > 0 {
		text += fmt.Sprintf(" expire %dms", t.Expire.Milliseconds())
	}
	if t.NoPurge {
		text += " nopurge"
	}
	text += " store gpc0"
	if t.Store != "" {
		text += "," + t.Store
	}
	return text
}

// peersOf are those to whom a proxy tells its table: the trackers, and the other
// proxies where they share it.
func (p *plan) peersOf(n *node) []haproxyServer {
	if p.uncounted {
		return nil
	}
	var servers []haproxyServer
	for _, t := range p.of(harness.TierTracker) {
		servers = append(servers, haproxyServer{Name: t.name, Peer: p.peer(t), Address: p.peersAddress(t)})
	}
	if !p.peered() {
		return servers
	}
	for _, other := range p.of(harness.TierProxy) {
		if other != n {
			servers = append(servers, haproxyServer{Name: other.name, Peer: p.peer(other), Address: other.at(ports.Peers)})
		}
	}
	return servers
}

// peered says whether proxies tell their tables to each other.
func (p *plan) peered() bool {
	proxies := p.of(harness.TierProxy)
	return len(proxies) > 0 && proxies[0].tier.Table != nil && proxies[0].tier.Table.Peered
}
