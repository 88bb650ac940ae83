package containers

import (
	"context"

	"github.com/haproof/haproof/harness"
	"github.com/haproof/haproof/harness/runtimeapi"
)

func init() { registerFault(harness.FaultSet, counting(setCounters)) }

// setCounters writes a value into the counter of every customer of the workload, as
// an operator does by "set table". Users see nothing. What the counters grew by is
// the deed's amount; it is exact where nobody is counted between the look at a counter
// and the change of it, which HAProxy does one after the other.
func setCounters(ctx context.Context, l *lab, n *node, f harness.Fault) (harness.Deed, error) {
	api := runtimeapi.New(n.at(ports.Runtime))
	suffix, err := keySuffix(ctx, l.plan, api)
	if err != nil {
		return harness.Deed{}, err
	}
	deed := harness.Deed{Amounts: map[string]uint64{}}
	for _, customer := range customers(l.plan.workload) {
		before, err := api.SetTable(ctx, l.plan.table(), customer+suffix, "gpc0", f.Value)
		if err != nil {
			return deed, err
		}
		deed.Amounts[customer] = growth(before, f.Value)
	}
	return deed, nil
}

// growth is what a counter that was set has grown by, as whoever watches it must see
// it: one that fell has begun anew.
func growth(before, now uint64) uint64 {
	if now < before {
		return now
	}
	return now - before
}

// keySuffix is what the process that serves now appends to a customer's name.
func keySuffix(ctx context.Context, p *plan, api *runtimeapi.Client) (string, error) {
	if !p.exact() {
		return "", nil
	}
	generation, err := api.GetVar(ctx, "proc.gen")
	return "|" + generation, err
}
