package harness

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The limits of a scenario. They keep a slip of the pen from taking the machine
// down, and names within their format.
const (
	MaxCustomers = 10_000 // c0000 to c9999
	MaxNodes     = 200    // of a lab: each has its own address in one network
	MaxTrials    = 1_000
)

// rule finds one thing that is wrong with a scenario whose fields are readable.
type rule struct {
	// paths are what the rule looks at; the problem is shown at the first that
	// the file has. A rule rests while one of them could not be read.
	paths []string
	// broken returns what is wrong, "" if nothing, and what to do.
	broken func(sc *Scenario) (text, suggestion string)
}

// validate applies every rule to a decoded scenario.
func (d *decoder) validate(sc *Scenario) {
	rules := slices.Concat(scenarioRules, workloadRules, searchRules, abortRules, shapeRules, protocolRules, connectRules, usersRules, softStartRules)
	for _, name := range sc.Topology.TierNames() {
		rules = append(rules, tierRules(name)...)
		rules = append(rules, proxyRules(name, sc.Topology[name])...)
		if sc.Topology[name].State != "" {
			rules = append(rules, stateRules(name)...)
		}
		if sc.Topology[name].Limits != nil {
			rules = append(rules, limitsRules(name)...)
		}
	}
	rules = append(rules, routesRules(sc.Workload.Routes)...)
	rules = append(rules, faultsRules(sc.Faults)...)
	if sc.Chaos != nil {
		rules = append(rules, chaosRules(sc.Chaos.Faults)...)
	}
	for _, r := range rules {
		if slices.ContainsFunc(r.paths, d.unread) {
			continue
		}
		text, suggestion := r.broken(sc)
		if text == "" {
			continue
		}
		at := r.paths[0]
		for _, path := range r.paths {
			if d.places[path] != nil {
				at = path
				break
			}
		}
		d.problems = append(d.problems, d.doc.problemAt(d.place(at), text, suggestion))
	}
}

// unread says whether the path or something around it could not be read.
func (d *decoder) unread(path string) bool {
	for ; path != ""; path = parent(path) {
		if d.broken[path] {
			return true
		}
	}
	return d.broken[""]
}

// within demands a number from low to high.
func within(path string, get func(*Scenario) float64, low, high float64) rule {
	return rule{[]string{path}, func(sc *Scenario) (string, string) {
		if v := get(sc); v < low || v > high {
			return fmt.Sprintf("%s is %s, want %s to %s", path, plain(v), plain(low), plain(high)), ""
		}
		return "", ""
	}}
}

// plain writes a number without an exponent.
func plain(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

// lasting demands a duration from low to high.
func lasting(path string, get func(*Scenario) time.Duration, low, high time.Duration) rule {
	return rule{[]string{path}, func(sc *Scenario) (string, string) {
		if v := get(sc); v < low || v > high {
			return fmt.Sprintf("%s is %v, want %v to %v", path, v, low, high), ""
		}
		return "", ""
	}}
}

var scenarioRules = []rule{
	{[]string{"question"}, func(sc *Scenario) (string, string) {
		if sc.Question == "" {
			return "the scenario asks no question", "begin with question: and one sentence"
		}
		return "", ""
	}},
	{[]string{"topology"}, func(sc *Scenario) (string, string) {
		if len(sc.Topology) == 0 {
			return "the scenario has no topology", "describe at least the tiers proxy and backend"
		}
		return "", ""
	}},
	{[]string{"checks"}, func(sc *Scenario) (string, string) {
		if len(sc.Checks) == 0 {
			return "the scenario has no checks, so nothing would be judged", "list at least one, such as no-errors"
		}
		return "", ""
	}},
	{[]string{"topology"}, func(sc *Scenario) (string, string) {
		nodes := 0
		for _, tier := range sc.Topology {
			if tier.Count > MaxNodes {
				return "", "" // the tier has a problem of its own
			}
			nodes += tier.Count
		}
		if nodes > MaxNodes {
			return fmt.Sprintf("the topology has %d nodes, more than the limit of %d", nodes, MaxNodes), ""
		}
		return "", ""
	}},
	within("trials", func(sc *Scenario) float64 { return float64(sc.Trials) }, 1, MaxTrials),
	{[]string{"workload.route", "topology"}, func(sc *Scenario) (string, string) {
		tier := TierProxy
		if sc.Workload.Route == RouteDirect {
			tier = TierBackend
		}
		if _, ok := sc.Topology[tier]; ok || len(sc.Topology) == 0 {
			return "", ""
		}
		return fmt.Sprintf("route %s needs a tier %s", sc.Workload.Route, tier), Suggest(tier, sc.Topology.TierNames())
	}},
}

func tierRules(name string) []rule {
	path := "topology." + name
	return []rule{
		{[]string{path + ".kind"}, func(sc *Scenario) (string, string) {
			if sc.Topology[name].Kind == "" {
				return fmt.Sprintf("tier %s has no kind", name), "add kind: haproxy, kind: web or another"
			}
			return "", ""
		}},
		within(path+".count", func(sc *Scenario) float64 { return float64(sc.Topology[name].Count) }, 1, MaxNodes),
		within(path+".cpus", func(sc *Scenario) float64 { return sc.Topology[name].CPUs }, 0, 1024),
		within(path+".threads", func(sc *Scenario) float64 { return float64(sc.Topology[name].Threads) }, 0, 256),
		{[]string{path + ".version"}, func(sc *Scenario) (string, string) {
			if strings.ContainsAny(sc.Topology[name].Version, "/ \t\n") {
				return fmt.Sprintf("%s.version %q is no version", path, sc.Topology[name].Version), "write a version such as 3.0"
			}
			return "", ""
		}},
	}
}
