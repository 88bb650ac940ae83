package harness

import "time"

// What can limit a trial.
const (
	LimitBackend   = "backend"
	LimitProxy     = "proxy"
	LimitGenerator = "generator"
	LimitHost      = "host"
	LimitUnknown   = "unknown"
)

// Thresholds of Bottleneck. A search spends about half of its time well below
// capacity and its usage is an average over all of it, so a node that was at its
// limit at the top shows less.
const (
	lateP99        = 10 * time.Millisecond // of lag: the generator was late
	atLimit        = 0.85                  // of the CPU a node may use
	atLimitSearch  = 0.6
	throttledOften = 0.25        // of scheduler periods
	generatorFull  = 0.9         // of all cores
	hostFull       = 0.95        // of all cores
	hostStolen     = 0.02        // of CPU time
	tellingLength  = time.Second // the shortest of which an average says anything
)

// Bottleneck names what limited a trial: backend, proxy, generator, host or
// unknown. The rules, of which the first that holds decides:
//
//  1. generator: it sent late (lag p99 above 10 ms), used 90 % of all cores or
//     ran out of descriptors or ports;
//  2. backend or proxy, whichever came closer to its limit: a node used 85 % (in
//     a search 60 %) of the CPU that its limit, or else its threads, allow, or
//     its limit held it back in a quarter of the scheduler's periods. The
//     average over the tier counts, because load is spread over it;
//  3. host: 95 % of all cores were busy, or 2 % of the CPU time was stolen;
//  4. unknown: something that is not measured, such as a lock, or nothing.
func Bottleneck(rec *Record, sum Summary) string {
	length := max(rec.Host.Wall, sum.Length)
	if sum.Attempts == 0 || length < tellingLength {
		return LimitUnknown
	}
	cores := float64(max(rec.Host.Cores, rec.Environment.Cores))
	available := cores * float64(length)
	if sum.Causes[CauseResources] > 0 || sum.Lag.P99 > lateP99 || available > 0 && float64(sum.GeneratorCPU) >= generatorFull*available {
		return LimitGenerator
	}
	if tier := fullestTier(rec, length, cores); tier != "" {
		return tier
	}
	if h := rec.Host; h.Unknown == "" && available > 0 &&
		(float64(h.Busy) >= hostFull*available || float64(h.Stolen) > hostStolen*available) {
		return LimitHost
	}
	return LimitUnknown
}

// fullestTier returns the tier that came closest to its limit, if it came close
// enough.
func fullestTier(rec *Record, length time.Duration, cores float64) string {
	enough := atLimit
	if rec.Cell.Scenario.Workload.Search != nil {
		enough = atLimitSearch
	}
	best, fullest := "", 0.0
	for _, tier := range []string{TierBackend, TierProxy} {
		if tier == TierProxy && rec.Cell.Scenario.Workload.Route == RouteDirect {
			continue
		}
		load := tierLoad(rec, tier, length, cores)
		full := load.used >= enough || load.throttled >= throttledOften
		if share := max(load.used, load.throttled); full && share > fullest {
			best, fullest = tier, share
		}
	}
	return best
}

// tierUse is the average over the nodes of a tier.
type tierUse struct {
	used      float64 // share of the CPU that the nodes may use
	throttled float64 // share of scheduler periods in which a limit held them back
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
