package check

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/haproof/haproof/harness"
)

// never is a time after the end of every trial.
const never = time.Duration(math.MaxInt64)

// absence is a time in which limits need not hold, because the tracker or a proxy
// was disturbed.
type absence struct {
	tracker   bool          // it was the tracker, so everybody is to be served meanwhile
	from      time.Duration // the disturbance began
	forgotten time.Duration // the proxies know no denial any more
	again     time.Duration // it may be there again; never after a kill
	settled   time.Duration // limits hold again
}

// suspends says whether limits need not hold for an attempt that is sent at t.
func (a absence) suspends(t time.Duration) bool { return t >= a.from && t < a.settled }

// opens says whether the attempt fell whole into the time in which everybody is
// served.
func (a absence) opens(sent, done time.Duration) bool {
	return a.tracker && sent >= a.forgotten && done < a.again
}

// absences returns what the disturbances of a record mean for limits, or why they
// leave it open.
func (c enforced) absences(rec *harness.Record, expire time.Duration) (list []absence, why string) {
	tiers := map[string]string{}
	for _, n := range rec.Nodes {
		tiers[n.Name] = n.Tier
	}
	played := 0
	for _, d := range rec.Disturbances {
		tier := tiers[d.Fault.Node]
		if tier != harness.TierTracker && tier != harness.TierProxy {
			continue
		}
		if d.Error != "" {
			return nil, fmt.Sprintf("%s of %s was not played as wanted: %s", d.Fault.Do, d.Fault.Node, d.Error)
		}
		played++
		list = append(list, c.absence(d, tier == harness.TierTracker, expire))
	}
	wanted := 0
	for _, f := range rec.Cell.Scenario.Faults {
		if tier := tiers[f.Node]; tier == harness.TierTracker || tier == harness.TierProxy {
			wanted++
		}
	}
	gone := slices.ContainsFunc(list, func(a absence) bool { return a.tracker })
	switch {
	case played < wanted:
		return nil, fmt.Sprintf("%d of %d faults of the tracker and the proxies were played", played, wanted)
	case gone && len(trackers(rec)) > 1:
		return nil, "a tracker was gone, but others were there"
	}
	return list, ""
}

func (c enforced) absence(d harness.Disturbance, tracker bool, expire time.Duration) absence {
	a := absence{tracker: tracker, from: d.Began, forgotten: d.Began + expire + c.slack, settled: d.Ended + c.back}
	switch d.Fault.Do {
	case harness.FaultKill:
		a.again, a.settled = never, never
	case harness.FaultStop:
		a.again = d.Began + d.Fault.For
	case harness.FaultRestart:
		a.again = d.Began + d.Fault.After
	}
	return a
}
