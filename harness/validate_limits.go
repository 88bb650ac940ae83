package harness

import (
	"fmt"
	"time"
)

// What limits may be. A tracker repeats denials three times while they last, and
// at most once a second. So many answers are beyond any trial (MaxAttempts).
const (
	leastExpire = 3 * time.Second
	mostExpire  = time.Hour
	mostTotal   = MaxAttempts
)

// limitsRules hold for a tier that has limits.
func limitsRules(tier string) []rule {
	path := "topology." + tier + ".limits"
	limits := func(sc *Scenario) Limits { return *sc.Topology[tier].Limits }
	return []rule{
		{[]string{path}, func(*Scenario) (string, string) {
			if tier != TierTracker {
				return fmt.Sprintf("tier %s cannot hold customers to limits", tier), "give them to the tier " + TierTracker
			}
			return "", ""
		}},
		{[]string{path + ".customers", path, "workload.customers"}, func(sc *Scenario) (string, string) {
			if n := limits(sc).Customers; n < 1 || n > sc.Workload.Customers {
				return fmt.Sprintf("%s.customers is %d, want 1 to %d, the customers of the workload", path, n, sc.Workload.Customers), ""
			}
			return "", ""
		}},
		{[]string{path + ".total", path}, func(sc *Scenario) (string, string) {
			if n := limits(sc).Total; n < 1 || n > mostTotal {
				return fmt.Sprintf("%s.total is %d, want 1 to %d", path, n, mostTotal), "say how many answers each customer may have"
			}
			return "", ""
		}},
		lasting(path+".expire", func(sc *Scenario) time.Duration { return limits(sc).Expire }, leastExpire, mostExpire),
		{[]string{path, "topology"}, func(sc *Scenario) (string, string) {
			if _, ok := sc.Topology[TierProxy]; !ok || sc.Workload.Route == RouteDirect {
				return "limits need a proxy to deny what is beyond them", "let attempts go through a tier " + TierProxy
			}
			return "", ""
		}},
	}
}
