package harness

import "cmp"

// usageBetween returns what each node of after has consumed since before. Where
// that cannot be said, because the node could not be read on both sides or began
// anew in between, it says why in place of numbers. A node that is missing from
// after has vanished, which is said too.
func usageBetween(before, after []Usage) []Usage {
	was := map[string]Usage{}
	for _, u := range before {
		was[u.Node] = u
	}
	var between []Usage
	for _, u := range after {
		between = append(between, usageOf(was, u))
		delete(was, u.Node)
	}
	for _, u := range before {
		if _, vanished := was[u.Node]; vanished {
			between = append(between, Usage{Node: u.Node, Unknown: "it vanished while driving"})
		}
	}
	return between
}

// usageOf never goes below zero: a difference of counters that were reset would
// be a huge number.
func usageOf(was map[string]Usage, now Usage) Usage {
	then, known := was[now.Node]
	switch unknown := cmp.Or(now.Unknown, then.Unknown); {
	case unknown != "":
		return Usage{Node: now.Node, Unknown: unknown}
	case !known:
		return Usage{Node: now.Node, Unknown: "it was not there before driving"}
	case now.CPU < then.CPU || now.Throttled < then.Throttled || now.Periods < then.Periods:
		return Usage{Node: now.Node, Unknown: "its counters began anew while driving"}
	}
	return Usage{Node: now.Node, CPU: now.CPU - then.CPU, Throttled: now.Throttled - then.Throttled, Periods: now.Periods - then.Periods}
}
