package harness

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// MaxFaults bounds the faults of a scenario.
const MaxFaults = 100

// longestFault bounds how long a node may be stopped or away.
const longestFault = time.Hour

// faultsRules hold for all faults together and for each.
func faultsRules(faults []Fault) []rule {
	rules := []rule{
		{[]string{"faults"}, func(sc *Scenario) (string, string) {
			if n := len(sc.Faults); n > MaxFaults {
				return fmt.Sprintf("the scenario has %d faults, more than the limit of %d", n, MaxFaults), ""
			}
			return "", ""
		}},
		{[]string{"faults", "workload.search", "workload.probe"}, func(sc *Scenario) (string, string) {
			if len(sc.Faults) > 0 && sc.Workload.Warm() {
				return "faults would spoil a lab that is kept for other trials", "take faults out, or search and probe"
			}
			return "", ""
		}},
	}
	for i := range faults[:min(len(faults), MaxFaults)] {
		rules = append(rules, faultRules(i)...)
	}
	return rules
}

// faultRules hold for one fault.
func faultRules(i int) []rule {
	path := "faults." + strconv.Itoa(i)
	return []rule{
		{[]string{path + ".do", path}, func(sc *Scenario) (string, string) {
			if sc.Faults[i].Do == "" {
				return "the fault does nothing", "add do: " + strings.Join(faultNames, ", do: ")
			}
			return "", ""
		}},
		{[]string{path + ".node", path, "topology"}, func(sc *Scenario) (string, string) { return nodeOf(sc, sc.Faults[i]) }},
		{[]string{path + ".at", path, "workload"}, func(sc *Scenario) (string, string) {
			at, end := sc.Faults[i].At, sc.Workload.length()
			if at < 0 || end > 0 && at >= end {
				return fmt.Sprintf("the fault comes at %v, the workload lasts from 0s to %v", at, end), ""
			}
			return "", ""
		}},
		only(i, "for", FaultStop, func(f Fault) time.Duration { return f.For }),
		only(i, "after", FaultRestart, func(f Fault) time.Duration { return f.After }),
	}
}

// only allows a duration for one kind of fault, which needs it unless it is a
// restart: that can follow at once.
func only(i int, name, do string, get func(Fault) time.Duration) rule {
	path := "faults." + strconv.Itoa(i)
	return rule{[]string{path + "." + name, path}, func(sc *Scenario) (string, string) {
		f := sc.Faults[i]
		switch d := get(f); {
		case f.Do == "" || f.Do != do && d == 0:
			return "", ""
		case f.Do != do:
			return fmt.Sprintf("fault %s has no %s", f.Do, name), "it belongs to do: " + do
		case d < 0 || d > longestFault || d == 0 && do == FaultStop:
			return fmt.Sprintf("%s is %v, want more than 0s and at most %v", name, d, longestFault), "add " + name + ": 3s"
		}
		return "", ""
	}}
}

// nodeOf demands a node that the fault can be played on.
func nodeOf(sc *Scenario, f Fault) (text, suggestion string) {
	names := sc.Topology.nodeNames()
	switch {
	case f.Node == "":
		return "the fault names no node", "add node: proxy1 or another"
	case len(names) == 0:
		return "", "" // the topology has a problem of its own
	case !slices.Contains(names, f.Node):
		return fmt.Sprintf("the topology has no node %q", f.Node), Suggest(f.Node, names)
	}
	tier := strings.TrimRight(f.Node, "0123456789")
	if f.Do == FaultReload && tier != TierProxy {
		return fmt.Sprintf("node %s cannot be reloaded", f.Node), "reload a node of the tier " + TierProxy
	}
	if tier == TierTracker && !sc.Topology[tier].State.Running() {
		return fmt.Sprintf("node %s does not run, as its tier is %s", f.Node, sc.Topology[tier].State), "take the fault out, or the state"
	}
	return "", ""
}

// nodeNames lists the nodes of a topology as labs name them.
func (t Topology) nodeNames() []string {
	var names []string
	for _, tier := range t.TierNames() {
		for i := range min(max(1, t[tier].Count), MaxNodes) {
			names = append(names, tier+strconv.Itoa(i+1))
		}
	}
	return names
}

// length is how long the workload's schedule is; 0 where that is not known.
func (w Workload) length() time.Duration {
	if w.Requests > 0 && w.Rate > 0 {
		return time.Duration(float64(w.Requests) / float64(w.Rate) * float64(time.Second))
	}
	return w.Duration
}
