package harness

import (
	"slices"
	"time"
)

// The defaults of a scenario: what a field that the file leaves out is taken
// for. They are written into the decoded scenario, so that a record says what
// was really driven. docs/decisions/0002-scenario-decoding.md lists them too.

// defaultScenario also holds the defaults of the workload.
var defaultScenario = Scenario{
	Trials: 1,
	Workload: Workload{
		Driver:    "wire",
		Protocol:  ProtocolHTTP1,
		Profile:   "mixed",
		Customers: 50,
		Hosts:     100,
		Timeout:   10 * time.Second,
		Route:     RouteProxy,
		Seed:      1,
	},
}

// DefaultDriver is the driver of a workload that names none: wire, or where that does
// not run (it needs Linux on amd64 or arm64) the first of those that do.
func DefaultDriver(known []string) string {
	if usual := defaultScenario.Workload.Driver; len(known) == 0 || slices.Contains(known, usual) {
		return usual
	}
	return known[0]
}

// defaultTier describes a tier of one node without a limit.
var defaultTier = Tier{Count: 1}

// defaultLimits name neither whom they hold nor how many they may have: that is
// the scenario's to say.
var defaultLimits = Limits{Expire: 6 * time.Second}

// defaultDynamic is the share of dynamic attempts by profile.
var defaultDynamic = map[string]Share{"ads": 0, "dynamic": 0.5, "mixed": 0.5, "php": 1}

// defaultSearch climbs from well below the probed capacity to beyond it. Its
// latency has no default: the objective is the scenario's to say.
var defaultSearch = Search{
	Objective: Objective{Quantile: 0.99, Achieved: 0.98},
	Probe:     3 * time.Second,
	Step:      3 * time.Second,
	From:      0.5,
	To:        1.3,
	Stairs:    8,
}
