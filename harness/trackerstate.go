package harness

import (
	"fmt"
)

// TrackerState is what becomes of the trackers of a lab: what tracking costs a
// proxy is seen by comparing them. The zero value means TrackerUp.
type TrackerState string

// The states of trackers.
const (
	TrackerUp      TrackerState = "up"
	TrackerOff     TrackerState = "off"     // proxies neither count nor have a peers section: the reference
	TrackerAbsent  TrackerState = "absent"  // proxies know a tracker that never was there
	TrackerDead    TrackerState = "dead"    // killed once its sessions to the proxies were up
	TrackerStalled TrackerState = "stalled" // stopped likewise: its kernel accepts, nobody reads
	TrackerSlow    TrackerState = "slow"    // held to SlowCPUs once it is up
)

// SlowCPUs is the CPU limit of a slow tracker, in cores. Where CPU limits cannot
// be set, a slow tracker is as fast as any, and the record says that its limit is
// not in force.
const SlowCPUs = 0.02

// trackerStates are all states, from what costs nothing to what is not there.
var trackerStates = []string{
	string(TrackerOff), string(TrackerUp), string(TrackerSlow), string(TrackerStalled), string(TrackerDead), string(TrackerAbsent),
}

// Running says whether trackers in this state do their work.
func (s TrackerState) Running() bool {
	return s == "" || s == TrackerUp || s == TrackerSlow
}

// Tracking returns the state of the topology's trackers; off where there are none.
func (t Topology) Tracking() TrackerState {
	tier, ok := t[TierTracker]
	switch {
	case !ok:
		return TrackerOff
	case tier.State == "":
		return TrackerUp
	}
	return tier.State
}

// stateRules hold for a tier with a state.
func stateRules(name string) []rule {
	path := "topology." + name + ".state"
	return []rule{
		{[]string{path}, func(*Scenario) (string, string) {
			if name != TierTracker {
				return fmt.Sprintf("tier %s has no state", name), "only the tier " + TierTracker + " has one"
			}
			return "", ""
		}},
		{[]string{path, "topology." + name + ".cpus"}, func(sc *Scenario) (string, string) {
			if sc.Topology[name].State == TrackerSlow && sc.Topology[name].CPUs > 0 {
				return "a slow tracker has a CPU limit of its own", "keep one of state: slow and cpus"
			}
			return "", ""
		}},
		{[]string{path, "topology." + name + ".limits"}, func(sc *Scenario) (string, string) {
			t := sc.Topology[name]
			if t.Limits != nil && !t.State.Running() {
				return fmt.Sprintf("a tracker that is %s holds nobody to limits", t.State), "take limits or state out"
			}
			return "", ""
		}},
	}
}
