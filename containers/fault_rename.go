package containers

import (
	"context"
	"fmt"

	"github.com/haproof/haproof/harness"
)

func init() { registerFault(harness.FaultRename, counting(wordless(rename))) }

// rename gives a proxy another name as a peer, with a certificate for it, and reloads
// it. Users see nothing. Its old process cannot hand its table over to the new one,
// whose name it does not know, and trackers meet a source that they have never seen.
// Other proxies that are peers of it still call it by its old name.
func rename(ctx context.Context, l *lab, n *node, f harness.Fault) error {
	n.rename(fmt.Sprintf("%sr%d", n.name, n.renames+1))
	n.renames++
	spec, err := n.component.render(l.plan, n)
	if err != nil {
		return err
	}
	if err := writeFiles(spec.Site.HostDir, spec.Files); err != nil {
		return err
	}
	n.spec = spec
	return reload(ctx, l, n, f)
}
