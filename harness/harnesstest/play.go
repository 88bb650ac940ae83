package harnesstest

import (
	"context"
	"time"

	"github.com/haproof/haproof/harness"
)

// Scenario asks whether quotas are exact, of a site in memory.
func Scenario(requests uint64) harness.Scenario {
	return harness.Scenario{
		Name: "scripted", Question: "Do all witnesses agree?",
		Topology: harness.Topology{
			harness.TierProxy: {Kind: "memory"}, harness.TierBackend: {Kind: "memory"}, harness.TierTracker: {Kind: "memory"},
		},
		Workload: harness.Workload{Driver: "scripted", Rate: 5000, Requests: requests, Customers: 5},
		Checks: []harness.CheckSpec{
			{Name: "no-errors"}, {Name: "nodes-alive"}, {Name: "exactly-once"}, {Name: "quota-exact"},
		},
	}
}

// LimitedScenario asks whether limits hold, of a site in memory. Its 5 customers are
// asked 100 times a second each; 4 of them have a limit, used up after a second.
func LimitedScenario(requests uint64) harness.Scenario {
	sc := Scenario(requests)
	sc.Question = "Do limits hold?"
	sc.Topology[harness.TierTracker] = harness.Tier{Kind: "memory", Limits: &harness.Limits{Customers: 4, Total: 50, Expire: 3 * time.Second}}
	sc.Workload.Rate = 500
	sc.Checks = append(sc.Checks, harness.CheckSpec{Name: "enforced"})
	return sc
}

// Play plays one trial of the scenario with the driver at the driver's site, and
// writes its record below out.
func Play(ctx context.Context, sc harness.Scenario, d *Driver, out string) (*harness.Run, error) {
	return harness.Play(ctx, harness.Plan{
		ID: "scripted-run", Scenario: sc, Cells: []harness.Cell{{Name: "only", Scenario: sc}},
		Start:       func(context.Context, harness.Scenario) (harness.Lab, error) { return d.Site, nil },
		Driver:      func(string) (harness.Driver, error) { return d, nil },
		Environment: harness.Environment{Haproof: "test", Engine: "memory", Cores: 2},
		Out:         out, Soft: ctx,
	})
}
