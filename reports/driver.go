package reports

import (
	"slices"
	"strings"

	"github.com/haproof/haproof/harness"
)

// offeredBy names who sent the attempts of a run and over what, such as "wire,
// HTTP/1.1": of all cells, where an axis sweeps either.
func offeredBy(r *harness.Result, speaks func(*harness.Workload) string) string {
	workloads := []harness.Workload{r.Scenario.Workload}
	if len(r.Cells) > 0 {
		workloads = nil
	}
	for _, c := range r.Cells {
		workloads = append(workloads, c.Cell.Scenario.Workload)
	}
	var drivers, protocols []string
	for i := range workloads {
		drivers = append(drivers, word(workloads[i].Driver))
		protocols = append(protocols, speaks(&workloads[i]))
	}
	return strings.Join([]string{either(drivers), either(protocols)}, ", ")
}

// either names what there is, each once, in the order of the cells.
func either(names []string) string {
	var list []string
	for _, n := range names {
		if !slices.Contains(list, n) && len(list) < maxNotes {
			list = append(list, n)
		}
	}
	return strings.Join(list, " or ")
}

// protocolOf is short enough for the picture of the topology.
func protocolOf(w *harness.Workload) string {
	speaks, _, _ := strings.Cut(w.Speaks(), " (")
	return speaks
}
