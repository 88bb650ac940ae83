package containers

import (
	"fmt"
	"net/netip"
	"strings"

	"github.com/haproof/haproof/harness"
)

// trackerYAML is the configuration of a tracker as far as it depends on the proxies'
// keys and on limits. All else that a tracker needs is said by flags.
func trackerYAML(p *plan, n *node) []byte {
	var b strings.Builder
	if p.exact() {
		// Where its proxies are on other addresses than the loopback, it must be told them.
		fmt.Fprintf(&b, "keys: generation\ndrain:\n  listen: [\"udp://%s\"]\n  allow: [127.0.0.0/8%s]\n", n.at(ports.TrackerDrain), allowed(p.of(harness.TierProxy)))
	} else {
		b.WriteString("keys: plain\n")
	}
	if l := n.tier.Limits; l != nil {
		b.WriteString(limitsYAML(*l, p.workload.Prefix))
	}
	return []byte(b.String())
}

// allowed lists networks of one node each.
func allowed(nodes []*node) string {
	var b strings.Builder
	for _, n := range nodes {
		if at, err := netip.ParseAddr(n.site.Address); err == nil {
			fmt.Fprintf(&b, ", %s", netip.PrefixFrom(at, at.BitLen()))
		}
	}
	return b.String()
}
