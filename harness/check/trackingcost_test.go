package check

import (
	"strings"
	"testing"
	"time"

	"github.com/haproof/haproof/harness"
)

// costRecord is a trial of a cell with its trackers in a state, in which all
// attempts together took so much CPU time of the proxies.
func costRecord(trial int, state harness.TrackerState, version string, cpu time.Duration) *harness.Record {
	rec := good()
	rec.Trial = trial
	rec.Cell.Name = string(state) + version
	rec.Cell.Settings = []harness.Setting{{Path: "topology.proxy.version", Value: version}, {Path: "topology.tracker.state", Value: string(state)}}
	rec.Cell.Scenario.Topology[harness.TierTracker] = harness.Tier{Kind: "quota-tracker", State: state}
	rec.Capacity = &harness.Capacity{RPS: 1000 * float64(100*ms) / float64(cpu), Attempts: 500}
	rec.Usage = []harness.Usage{{Node: "proxy1", CPU: cpu / 2}, {Node: "proxy2", CPU: cpu / 2}, {Node: "tracker", CPU: time.Hour}}
	return rec
}

// costRun has a trial of off and of up for each factor, the machine being slower
// from trial to trial.
func costRun(version string, factors ...float64) *harness.Run {
	run := &harness.Run{}
	for i, factor := range factors {
		base := 100 * ms << i
		run.Records = append(run.Records,
			costRecord(i+1, harness.TrackerUp, version, time.Duration(factor*float64(base))),
			costRecord(i+1, harness.TrackerOff, version, base))
	}
	return run
}

func TestTrackingCostIsDecidedByTheWholeInterval(t *testing.T) {
	both := costRun("3.0", 1.1, 1.1, 1.1, 1.1, 1.1)
	both.Records = append(both.Records, costRun("3.2", 1.5, 1.5, 1.5, 1.5, 1.5).Records...)
	alike := costRun("3.0", 1.05, 1.05, 1.05, 1.05, 1.05)
	alike.Records = append(alike.Records, costRun("3.2", 1.15, 1.15, 1.15, 1.15, 1.15).Records...)
	broken := costRun("3.0", 1.1, 1.1, 1.1, 1.1, 1.1)
	broken.Records[0].Error = "the lab fell over"
	unread := costRun("3.0", 1.1, 1.1, 1.1, 1.1, 1.1)
	unread.Records[1].Usage[1].Unknown = "it vanished"
	dead := costRun("3.0", 3, 3, 3, 3, 3)
	for _, rec := range dead.Records {
		if tier := rec.Cell.Scenario.Topology[harness.TierTracker]; tier.State == harness.TrackerUp {
			tier.State = harness.TrackerDead
			rec.Cell.Scenario.Topology[harness.TierTracker] = tier
		}
	}
	for _, row := range []struct {
		why    string
		run    *harness.Run
		status harness.Status
		says   string
	}{
		{"all within", costRun("3.0", 1.1, 1.12, 1.08, 1.1, 1.2), harness.Pass, "takes 110.0 % (108.0 % to 120.0 %, n = 5) of the CPU time"},
		{"all beyond", costRun("3.0", 1.6, 1.62, 1.58, 1.6, 1.7), harness.Fail, "takes 160.0 % (158.0 % to 170.0 %, n = 5)"},
		{"astride", costRun("3.0", 1.1, 1.12, 1.2, 1.3, 1.4), harness.Unknown, "which the interval does not decide"},
		{"cheaper than nothing is no failure", costRun("3.0", 0.9, 0.9, 0.9, 0.9, 0.9), harness.Pass, "takes 90.0 %"},
		{"the worst version decides", both, harness.Fail, "topology.proxy.version=3.2"},
		{"of equals the dearest is quoted", alike, harness.Pass, "topology.proxy.version=3.2"},
		{"four pairs", costRun("3.0", 1, 1, 1, 1), harness.Unknown, "4 pairs of CPU times, want at least 5"},
		{"a trial that broke off is no pair", broken, harness.Unknown, "4 pairs"},
		{"a proxy that was not read is no pair", unread, harness.Unknown, "4 pairs"},
		{"no reference", &harness.Run{Records: []*harness.Record{costRecord(1, harness.TrackerUp, "3.0", ms)}}, harness.Unknown, "nothing to compare"},
		{"only a dead tracker is compared", dead, harness.Unknown, "nothing to compare"},
		{"nothing", &harness.Run{}, harness.Unknown, "nothing to compare"},
	} {
		judge, err := New(harness.CheckSpec{Name: "tracking-cost", Options: map[string]string{"at-most": "25%"}})
		if err != nil {
			t.Fatal(err)
		}
		v := judge.(harness.RunCheck).JudgeRun(row.run)
		if v.Status != row.status || !strings.Contains(v.Sentence, row.says) {
			t.Errorf("%s:\ngot  %s %s\nwant %s %q", row.why, v.Status, v.Sentence, row.status, row.says)
		}
	}
}

func TestTrackingCostTellsOfEveryState(t *testing.T) {
	run := costRun("3.0", 1.1, 1.1, 1.1, 1.1, 1.1)
	for i := range 5 {
		run.Records = append(run.Records, costRecord(i+1, harness.TrackerStalled, "3.0", 200*ms<<i))
	}
	v := trackingCost{atMost: 0.25}.JudgeRun(run)
	if v.Status != harness.Pass || !hasFinding(v, "tracker stalled, topology.proxy.version=3.0: CPU per attempt 200.0 %") ||
		!hasFinding(v, "requests/s 50.0 %") || !hasFinding(v, "tracker up") {
		t.Errorf("got %+v", v)
	}
}

func TestErrorsOfTheProbeCount(t *testing.T) {
	run(t, harness.CheckSpec{Name: "no-errors"}, []judged{
		{"a clean probe", func(rec *harness.Record) { rec.Capacity = &harness.Capacity{RPS: 5, Attempts: 10} }, harness.Pass, "and 10 of the probe", ""},
		{"one error", func(rec *harness.Record) { rec.Capacity = &harness.Capacity{RPS: 5, Attempts: 10, Errors: 1} }, harness.Fail, "1 of 10 attempts of the probe", ""},
	})
}
