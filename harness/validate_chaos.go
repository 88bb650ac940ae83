package harness

import (
	"fmt"
	"strconv"
	"time"
)

// chaosRules hold for the chaos of a scenario that has one.
func chaosRules(faults []Fault) []rule {
	rules := []rule{
		{[]string{"chaos.faults", "chaos"}, func(sc *Scenario) (string, string) {
			if len(sc.Chaos.Faults) == 0 {
				return "chaos has no faults to choose from", "add faults: with at least one, such as {do: reload, node: proxy1}"
			}
			return tooMany(len(sc.Chaos.Faults))
		}},
		{[]string{"chaos.every", "chaos", "workload"}, func(sc *Scenario) (string, string) {
			every, length := sc.Chaos.Every, sc.Workload.Length()
			const half = MaxSchedule / 2 // chance may bring more than the mean
			switch {
			case every < shortestEvery || every > longestFault:
				return fmt.Sprintf("every is %v, want %v to %v", every, shortestEvery, longestFault), "add every: 5s"
			case length/every > half:
				return fmt.Sprintf("chaos would bring about %d faults, more than the limit of %d", length/every, half), ""
			}
			return "", ""
		}},
		{[]string{"chaos", "workload.search", "workload.probe"}, func(sc *Scenario) (string, string) {
			if sc.Workload.Warm() {
				return "chaos would spoil a lab that is kept for other trials", "take chaos out, or search and probe"
			}
			return "", ""
		}},
	}
	for i := range faults[:min(len(faults), MaxFaults)] {
		path := "chaos.faults." + strconv.Itoa(i)
		get := func(sc *Scenario) Fault { return sc.Chaos.Faults[i] }
		rules = append(rules, faultRules(path, get)...)
		rules = append(rules, timeless(path, "at", get, func(f Fault) time.Duration { return f.At }),
			timeless(path, "every", get, func(f Fault) time.Duration { return f.Every }),
			timeless(path, "during", get, func(f Fault) time.Duration { return f.During }))
	}
	return rules
}

// timeless refuses times of its own to a fault of chaos.
func timeless(path, name string, get func(*Scenario) Fault, span func(Fault) time.Duration) rule {
	return rule{[]string{path + "." + name}, func(sc *Scenario) (string, string) {
		if span(get(sc)) != 0 {
			return "a fault of chaos has no " + name, "chaos says how often its faults come"
		}
		return "", ""
	}}
}
