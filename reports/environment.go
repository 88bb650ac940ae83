package reports

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/haproof/haproof/harness"
)

// Caps of what is shown of an environment.
const (
	maxNotes = 10
	maxNodes = 40
)

// pair is a name and its value.
type pair struct{ Name, Value string }

// environment lists where and with what the run was made, without what is not
// known.
func environment(r *harness.Result) []pair {
	e := r.Environment
	list := []pair{
		{"haproof", word(e.Haproof)}, {"Go", word(e.Go)}, {"engine", word(e.Engine)}, {"system", word(e.OS)}, {"kernel", word(e.Kernel)},
		{"processor", word(e.CPUModel)},
	}
	if e.Cores > 0 {
		list = append(list, pair{"cores", count(e.Cores)})
	}
	if e.MemoryGB > 0 {
		list = append(list, pair{"memory", decimal(e.MemoryGB) + " GB"})
	}
	list = append(list, pair{"cgroup", word(e.Cgroup)})
	if e.Files > 0 {
		list = append(list, pair{"file descriptors", count(e.Files)})
	}
	extra, _ := first(slices.Sorted(maps.Keys(e.Extra)), maxNotes)
	for _, k := range extra {
		list = append(list, pair{word(k), sentence(e.Extra[k])})
	}
	notes, more := first(e.Notes, maxNotes)
	for _, n := range notes {
		list = append(list, pair{"note", sentence(n)})
	}
	if more > 0 {
		list = append(list, pair{"notes", andMore(more)})
	}
	return slices.DeleteFunc(list, func(p pair) bool { return p.Value == "" })
}

// when says when the run began and how long it took.
func when(r *harness.Result) string {
	if r.Began.IsZero() {
		return "date unknown"
	}
	s := r.Began.UTC().Format("2 January 2006 15:04 UTC")
	if r.Took > 0 {
		s += ", " + duration(r.Took.Round(time.Second))
	}
	return s
}

// command is the command line that repeats the run.
func command(r *harness.Result) string {
	if c := clip(r.Environment.Command, maxCommand); c != "" {
		return c
	}
	return "haproof run " + word(r.Scenario.Name)
}

// versions lists each program that took part with its version, once.
func versions(nodes []harness.Node) []string {
	var list []string
	for _, n := range nodes {
		v := word(n.Version)
		if !strings.Contains(v, " ") { // else it names its programs itself
			v = strings.TrimSpace(word(n.Kind) + " " + v)
		}
		if v != "" && !slices.Contains(list, v) && len(list) < maxNodes {
			list = append(list, v)
		}
	}
	return list
}

// workload describes by whom and over what which load was offered, in one line.
func workload(r *harness.Result) string {
	w := r.Scenario.Workload
	parts := append([]string{traffic(&w)}, clients(&w)...)
	if w.Search != nil {
		parts = append(parts, "searching the highest rate with "+quantileName(w.Search.Objective.Quantile)+" within "+duration(w.Search.Objective.Latency))
	} else if w.Rate > 0 && w.Users != nil {
		parts = append(parts, decimal(float64(w.Rate))+" users/s arriving")
	} else if w.Rate > 0 {
		parts = append(parts, decimal(float64(w.Rate))+" requests/s offered")
	}
	if w.Requests > 0 {
		parts = append(parts, plural(w.Requests, "attempt"))
	} else if w.Duration > 0 && w.Search == nil {
		parts = append(parts, duration(w.Duration))
	}
	if w.Probe > 0 {
		parts = append(parts, "after "+duration(w.Probe)+" in a closed loop")
	}
	if w.Customers > 0 {
		parts = append(parts, plural(w.Customers, "customer"))
	}
	if w.Profile != "" || len(w.Routes) > 0 {
		parts = append(parts, percent(float64(w.Dynamic))+" PHP", percent(float64(w.OverTLS()))+" over TLS")
	}
	if w.Work > 0 {
		parts = append(parts, duration(w.Work)+" of CPU time per PHP answer")
	}
	return offeredBy(r, (*harness.Workload).Speaks) + ": " + strings.Join(parts, ", ")
}

// nodeTable lists the nodes of one trial.
func nodeTable(t *harness.TrialResult) table {
	tab := table{Columns: []column{left("node"), left("tier"), left("program"), left("address"), right("CPU limit"), right("CPU used"), right("throttled")}}
	nodes, omitted := first(t.Nodes, maxNodes)
	tab.Omitted = omitted
	for _, n := range nodes {
		limit, used, throttled := "none", dash, dash
		if n.CPUs > 0 {
			limit = decimal(n.CPUs)
			if !n.Limited {
				limit += " (not in force)"
			}
		}
		for _, u := range t.Usage {
			if u.Node == n.Name && u.Unknown == "" {
				used = duration(u.CPU)
				if u.Periods > 0 {
					throttled = percent(float64(u.Throttled) / float64(u.Periods))
				}
			}
		}
		tab.add("", word(n.Name), word(n.Tier), strings.Join(versions([]harness.Node{n}), ""), word(n.Address), limit, used, throttled)
	}
	return tab
}
