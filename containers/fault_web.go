package containers

import (
	"context"
	"os"
	"path/filepath"

	"github.com/haproof/haproof/harness"
)

// webFaults are the faults that a web node plays itself.
var webFaults = []string{harness.FaultSlow, harness.FaultError, harness.FaultBreak}

// webFaultFile is where a web node's PHP looks for a fault, in labs that may play one.
const webFaultFile = "fault"

// misbehave tells PHP what to do to each dynamic answer that it begins.
func misbehave(ctx context.Context, n *node, f harness.Fault, order string) error {
	path := filepath.Join(n.site.HostDir, webFaultFile)
	return while(ctx, n, f, func() error { return writeWhole(path, order) }, func() error { return os.Remove(path) })
}

// writeWhole writes a file that nobody sees half of.
func writeWhole(path, text string) error {
	draft := path + ".new"
	if err := os.WriteFile(draft, []byte(text), 0o600); err != nil {
		return err
	}
	return os.Rename(draft, path)
}
