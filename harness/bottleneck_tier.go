package harness

import (
	"fmt"
	"time"
)

// tiers looks for the tier that came closest to its limit, if one came close enough.
func (e evidence) tiers() (Limit, bool) {
	enough := atLimit
	if e.rec.Cell.Scenario.Workload.Search != nil {
		enough = atLimitSearch
	}
	var best Limit
	fullest := 0.0
	for _, tier := range []string{TierBackend, TierProxy} {
		if tier == TierProxy && e.rec.Cell.Scenario.Workload.Route == RouteDirect {
			continue
		}
		load := tierLoad(e.rec, tier, e.length, e.cores)
		full := load.used >= enough || load.throttled >= throttledOften
		if most := max(load.used, load.throttled); full && most > fullest {
			best, fullest = Limit{tier, "cpu", load.words()}, most
		}
	}
	return best, fullest > 0
}

// tierUse is the average over the nodes of a tier.
type tierUse struct {
	used      float64 // share of the CPU that the nodes may use
	throttled float64 // share of scheduler periods in which a limit held them back
}

func (u tierUse) words() string {
	words := fmt.Sprintf("its nodes used %s of the CPU that they may use", share(u.used))
	if u.throttled > 0 {
		words += fmt.Sprintf(", and were held back in %s of the scheduler's periods", share(u.throttled))
	}
	return words
}

func tierLoad(rec *Record, tier string, length time.Duration, cores float64) tierUse {
	usage := map[string]Usage{}
	for _, u := range rec.Usage {
		usage[u.Node] = u
	}
	var cpu, allowed float64
	var throttled, periods uint64
	for _, node := range rec.Nodes {
		u, ok := usage[node.Name]
		if node.Tier != tier || !ok || u.Unknown != "" {
			continue
		}
		cpu += float64(u.CPU)
		allowed += allowedCPUs(rec, node, cores) * float64(length)
		throttled, periods = throttled+u.Throttled, periods+u.Periods
	}
	var load tierUse
	if allowed > 0 {
		load.used = cpu / allowed
	}
	if periods > 0 {
		load.throttled = float64(throttled) / float64(periods)
	}
	return load
}

// allowedCPUs is the limit of a node where it is in force, else its threads,
// else the machine.
func allowedCPUs(rec *Record, node Node, cores float64) float64 {
	allowed := cores
	if threads := rec.Cell.Scenario.Topology[node.Tier].Threads; threads > 0 {
		allowed = min(allowed, float64(threads))
	}
	if node.Limited && node.CPUs > 0 {
		allowed = min(allowed, node.CPUs)
	}
	return allowed
}
