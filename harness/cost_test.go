package harness

import (
	"math"
	"testing"
	"time"
)

// costTrial is a trial of one attempt, of a cell with one setting beside the state.
func costTrial(state TrackerState, version string, trial int, cpu, p99 time.Duration, rps float64) *Record {
	return &Record{
		Trial: trial, Capacity: &Capacity{RPS: rps},
		Cell: Cell{
			Name:     version + string(state),
			Settings: []Setting{{"topology.proxy.version", version}, {statePath, string(state)}},
			Scenario: Scenario{Topology: Topology{TierProxy: {}, TierTracker: {State: state}}},
		},
		Nodes:    []Node{{Name: "proxy1", Tier: TierProxy}, {Name: "tracker1", Tier: TierTracker}},
		Usage:    []Usage{{Node: "proxy1", CPU: cpu}, {Node: "tracker1", CPU: time.Hour}},
		Attempts: []Attempt{{Done: p99, Outcome: OK}},
	}
}

func TestCostsCompareTrialsOfTheSameBlock(t *testing.T) {
	run := &Run{}
	for i := range 3 { // the machine halves its speed from block to block
		slower := time.Duration(1) << i
		run.Records = append(run.Records,
			costTrial(TrackerUp, "3.0", i+1, 3*time.Millisecond*slower, 40*time.Millisecond*slower, 800/float64(slower)),
			costTrial(TrackerOff, "3.0", i+1, 2*time.Millisecond*slower, 20*time.Millisecond*slower, 1000/float64(slower)),
			costTrial(TrackerOff, "3.2", i+1, time.Second, time.Second, 1)) // a reference of its own, with nothing to compare
	}
	got := Costs(run)
	if len(got) != 1 || got[0].Name != "topology.proxy.version=3.0" || got[0].State != TrackerUp {
		t.Fatalf("got %+v, want one cost", got)
	}
	for what, c := range map[string]struct {
		Change
		ratio, median float64
	}{
		"CPU":  {got[0].CPU, 1.5, 0.006},
		"p99":  {got[0].P99, 2, 0.08},
		"rate": {got[0].Rate, 0.8, 400},
	} {
		for _, v := range []float64{c.Ratio, c.Low, c.High} { // drift cancels out, so the interval has no width
			if math.Abs(v-c.ratio) > 0.005 {
				t.Errorf("%s: %+v, want a ratio of %v", what, c.Change, c.ratio)
			}
		}
		if math.Abs(c.Median/c.median-1) > 0.005 || c.N != 3 {
			t.Errorf("%s: %+v, want a median of %v over 3 pairs", what, c.Change, c.median)
		}
	}
}

func TestWhatWasNotSeenCostsNothingKnown(t *testing.T) {
	broken := costTrial(TrackerUp, "3.0", 1, time.Millisecond, time.Millisecond, 0)
	broken.Usage[0].Unknown = "the container has ended"
	got := Costs(&Run{Records: []*Record{broken, costTrial(TrackerOff, "3.0", 1, time.Millisecond, time.Millisecond, 5)}})
	if len(got) != 1 || got[0].CPU != (Change{}) || got[0].Rate != (Change{}) || got[0].P99.N != 1 {
		t.Errorf("got %+v, want p99 alone", got)
	}
	broken.Error = "it broke off"
	if got := Costs(&Run{Records: []*Record{broken, costTrial(TrackerOff, "3.0", 1, time.Millisecond, time.Millisecond, 5)}}); len(got) > 0 {
		t.Errorf("got %+v of a trial that broke off", got)
	}
}
