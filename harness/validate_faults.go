package harness

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// MaxFaults bounds the entries of a scenario's faults, and of its chaos. An entry
// may come more than once, see MaxSchedule.
const MaxFaults = 100

// longestFault bounds how long a fault may last, and how long before the driver it
// may come.
const longestFault = time.Hour

// faultsRules hold for all planned faults together and for each.
func faultsRules(faults []Fault) []rule {
	rules := []rule{
		{[]string{"faults"}, func(sc *Scenario) (string, string) { return tooMany(len(sc.Faults)) }},
		{[]string{"faults", "workload.search", "workload.probe"}, func(sc *Scenario) (string, string) {
			if len(sc.Faults) > 0 && sc.Workload.Warm() {
				return "faults would spoil a lab that is kept for other trials", "take faults out, or search and probe"
			}
			return "", ""
		}},
		{[]string{"faults", "workload"}, func(sc *Scenario) (string, string) {
			times := 0
			for _, f := range sc.Faults {
				times += f.times(sc.Workload.Length())
			}
			if times > MaxSchedule && len(sc.Faults) <= MaxFaults {
				return fmt.Sprintf("faults come %d times, more than the limit of %d", times, MaxSchedule), ""
			}
			return "", ""
		}},
	}
	for i := range faults[:min(len(faults), MaxFaults)] {
		path := "faults." + strconv.Itoa(i)
		get := func(sc *Scenario) Fault { return sc.Faults[i] }
		rules = append(rules, faultRules(path, get)...)
		rules = append(rules, timeRules(path, get)...)
	}
	return rules
}

func tooMany(entries int) (text, suggestion string) {
	if entries > MaxFaults {
		return fmt.Sprintf("the scenario has %d faults, more than the limit of %d", entries, MaxFaults), ""
	}
	return "", ""
}

// faultRules hold for one fault, planned or of chaos.
func faultRules(path string, get func(*Scenario) Fault) []rule {
	on := func(field string, broken func(sc *Scenario, f Fault) (string, string)) rule {
		return rule{[]string{path + "." + field, path, "topology"}, func(sc *Scenario) (string, string) { return broken(sc, get(sc)) }}
	}
	rules := []rule{
		on("do", func(_ *Scenario, f Fault) (string, string) {
			if f.Do == "" {
				return "the fault does nothing", "known: " + strings.Join(faultNames, ", ")
			}
			return "", ""
		}),
		on("node", nodeOf),
		on("signal", func(_ *Scenario, f Fault) (string, string) {
			switch tier := tierOf(f.Node); {
			case f.Signal == "" || f.Do == "":
			case !faultTraits[f.Do].again:
				return foreign(f, "signal", func(t traits) bool { return t.again })
			case f.Signal == "usr1" && tier != TierProxy:
				return fmt.Sprintf("node %s does not know usr1", f.Node), "only nodes of the tier " + TierProxy + " end gracefully by it"
			}
			return "", ""
		}),
		on("value", func(_ *Scenario, f Fault) (string, string) {
			switch needed := faultTraits[f.Do].value; {
			case needed && f.Value > math.MaxUint32:
				return fmt.Sprintf("value is %d, and a counter of HAProxy has 32 bits", f.Value), ""
			case f.Do == "" || needed == (f.Value > 0):
				return "", ""
			case needed:
				return "fault " + f.Do + " needs a value", "add value: 1000"
			}
			return foreign(f, "value", func(t traits) bool { return t.value })
		}),
	}
	return append(rules,
		spanRule(path, "for", get, func(f Fault) time.Duration { return f.For }, func(t traits) bool { return t.lasts }, true),
		spanRule(path, "delay", get, func(f Fault) time.Duration { return f.Delay }, func(t traits) bool { return t.delay }, true),
		spanRule(path, "after", get, func(f Fault) time.Duration { return f.After }, func(t traits) bool { return t.again }, false),
	)
}

// spanRule allows a duration for the faults that have a trait.
func spanRule(path, name string, get func(*Scenario) Fault, span func(Fault) time.Duration, has func(traits) bool, needed bool) rule {
	return rule{[]string{path + "." + name, path}, func(sc *Scenario) (string, string) {
		f := get(sc)
		switch d := span(f); {
		case f.Do == "" || !has(faultTraits[f.Do]) && d == 0:
			return "", ""
		case !has(faultTraits[f.Do]):
			return foreign(f, name, has)
		case d < 0 || d > longestFault || d == 0 && needed:
			return fmt.Sprintf("%s is %v, want more than 0s and at most %v", name, d, longestFault), "add " + name + ": 3s"
		}
		return "", ""
	}}
}

// foreign is the problem of a field that belongs to other faults.
func foreign(f Fault, field string, has func(traits) bool) (text, suggestion string) {
	return fmt.Sprintf("fault %s has no %s", f.Do, field), "it belongs to " + faultsWith(has)
}

// timeRules hold for the times of one planned fault.
func timeRules(path string, get func(*Scenario) Fault) []rule {
	return []rule{
		{[]string{path + ".at", path, "workload"}, func(sc *Scenario) (string, string) {
			at, end := get(sc).At, sc.Workload.Length()
			if at < -longestFault || end > 0 && at >= end {
				return fmt.Sprintf("the fault comes at %v, the workload lasts from 0s to %v", at, end), "a fault at: -1s comes before it"
			}
			return "", ""
		}},
		{[]string{path + ".every", path}, func(sc *Scenario) (string, string) {
			switch f := get(sc); {
			case f.Every == 0:
			case f.Every < shortestEvery || f.Every > longestFault:
				return fmt.Sprintf("every is %v, want %v to %v", f.Every, shortestEvery, longestFault), ""
			case f.Every < f.For+f.After:
				return fmt.Sprintf("the fault comes every %v and lasts %v", f.Every, f.For+f.After), "let one end before the next"
			case f.At < 0:
				return "what comes before the driver comes once", "take every out"
			case f.Do == FaultKill:
				return "a node dies once", "restart brings it up again"
			case f.During == 0 && sc.Workload.Length() == 0:
				return "the fault comes for ever, as the length of the workload is not known", "add during: 30s"
			}
			return "", ""
		}},
		{[]string{path + ".during", path, "workload"}, func(sc *Scenario) (string, string) {
			f, end := get(sc), sc.Workload.Length()
			switch {
			case f.During == 0:
			case f.Every == 0:
				return "the fault lasts during a time in which it does not come again", "add every: 1s"
			case f.During < 0 || end > 0 && f.At+f.During > end:
				return fmt.Sprintf("the fault comes from %v until %v, the workload lasts from 0s to %v", f.At, f.At+f.During, end), ""
			}
			return "", ""
		}},
	}
}

// shortestEvery bounds how often a fault comes.
const shortestEvery = 10 * time.Millisecond

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
	tier := tierOf(f.Node)
	if want := faultTraits[f.Do].tier; want != "" && tier != want {
		return fmt.Sprintf("fault %s cannot be played on %s", f.Do, f.Node), "choose a node of the tier " + want
	}
	if state := sc.Topology[tier].State; tier == TierTracker && !state.Running() && state != TrackerOff {
		return fmt.Sprintf("node %s does not run, as its tier is %s", f.Node, state), "take the fault out, or the state"
	}
	return "", ""
}

// tierOf is the tier of a node by its name.
func tierOf(node string) string { return strings.TrimRight(node, "0123456789") }

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

// Length is how long the workload's schedule is; 0 where that is not known.
func (w Workload) Length() time.Duration {
	if w.Requests > 0 && w.Rate > 0 {
		return time.Duration(float64(w.Requests) / float64(w.Rate) * float64(time.Second))
	}
	return w.Duration
}
