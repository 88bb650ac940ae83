package containers

import (
	"context"

	"github.com/haproof/haproof/harness"
	"github.com/haproof/haproof/harness/runtimeapi"
)

func init() { registerFault(harness.FaultClear, counting(wordless(clearTable))) }

// clearTable empties the table in which a proxy counts, as an operator does by
// "clear table". Users see nothing. Counters begin again at zero; entries in use by an
// answer in progress stay.
func clearTable(ctx context.Context, l *lab, n *node, _ harness.Fault) error {
	_, err := runtimeapi.New(n.at(ports.Runtime)).Command(ctx, "clear table "+l.plan.table())
	return err
}
