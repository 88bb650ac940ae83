package check

import (
	"strings"
	"testing"
	"time"

	"github.com/haproof/haproof/harness"
)

// outage is a trial of 800 attempts in 8 s whose tracker is killed from 2 s to 4 s;
// attempts of that time take so long.
func outage(trial int, state harness.TrackerState, took time.Duration) *harness.Record {
	rec := good()
	rec.Trial, rec.Driven.Length, rec.Attempts = trial, 8*time.Second, nil
	rec.Cell.Name = string(state)
	rec.Cell.Settings = []harness.Setting{{Path: "topology.tracker.state", Value: string(state)}}
	rec.Cell.Scenario.Topology[harness.TierTracker] = harness.Tier{Kind: "quota-tracker", State: state}
	for i := range 800 {
		at := time.Duration(i) * 10 * ms
		a := harness.Attempt{Seq: uint64(i), Intended: at - ms, Done: at, Status: 200, Outcome: harness.OK}
		if at >= 2*time.Second && at < 5*time.Second {
			a.Intended = at - took
		}
		rec.Attempts = append(rec.Attempts, a)
	}
	rec.Disturbances = []harness.Disturbance{{
		Fault: harness.Fault{At: 2 * time.Second, Do: harness.FaultRestart, Node: "tracker1"},
		Began: 2 * time.Second, Ended: 4 * time.Second, Whole: 5 * time.Second, Deed: harness.Deed{Sham: state == harness.TrackerOff},
	}}
	return rec
}

// spoilt is an outage in which some attempt went wrong.
func spoilt(at int, cause harness.Cause) *harness.Record {
	rec := outage(1, harness.TrackerUp, ms)
	rec.Attempts[at].Cause, rec.Attempts[at].Outcome = cause, harness.Indeterminate
	return rec
}

func TestFailOpenCountsErrorsDuringAndAfterFaultsOfTrackers(t *testing.T) {
	early, thin, broken, ofProxy := outage(1, harness.TrackerUp, ms), outage(1, harness.TrackerUp, ms), outage(1, harness.TrackerUp, ms), spoilt(300, harness.CauseReset)
	early.Attempts[100].Cause = harness.CauseReset
	thin.Attempts = thin.Attempts[:299]
	broken.Error = "the lab fell over"
	ofProxy.Disturbances[0].Fault.Node = "proxy1"
	leaving := spoilt(300, harness.CauseAborted)
	leaving.Cell.Scenario.Workload.Abort = &harness.Abort{Share: 1, When: harness.AbortAsked}
	two := spoilt(300, harness.CauseReset)
	two.Attempts[600].Cause = harness.CauseTimeout
	queued, waited := spoilt(300, harness.CauseShed), spoilt(300, harness.CauseShed)
	for _, r := range []*harness.Record{queued, waited} {
		r.Attempts[300].Queued = r.Attempts[300].Done - r.Attempts[300].Intended
	}
	waited.Driven.Shards = []harness.Shard{{CPU: 8 * time.Second, Wall: 8 * time.Second}}
	for _, row := range []struct {
		why           string
		record        *harness.Record
		status        harness.Status
		says, finding string
	}{
		{"nobody noticed", outage(1, harness.TrackerUp, ms), harness.Pass, "no error among 600 attempts during and after 1 fault of trackers",
			"restart of tracker1 at 2s, up, trial 1: before: 200 attempts, 0 errors, 100.0/s, p50 1ms, p99 1ms; during: 300 attempts, 0 errors, 100.0/s, p50 1ms, p99 1ms; after: 300 attempts, 0 errors, 100.0/s, p50 1ms, p99 1ms; whole 1s after its end"},
		{"an error before it", early, harness.Pass, "no error", "before: 200 attempts, 1 error"},
		{"an error during it", spoilt(300, harness.CauseReset), harness.Fail, "clients noticed 1 of 1 fault of trackers, such as restart of tracker1 at 2s, up, trial 1: 1 error of 600 attempts during and after it: 1 reset", ""},
		{"an error after it", spoilt(700, ""), harness.Fail, "1 unexplained", ""},
		{"two errors", two, harness.Fail, "2 errors of 600 attempts during and after it: 1 reset, 1 timeout", ""},
		{"a client that left as it should", leaving, harness.Pass, "no error", ""},
		{"a client that left though nobody should", spoilt(300, harness.CauseAborted), harness.Fail, "1 aborted", ""},
		{"the client's own fault", spoilt(300, harness.CauseResources), harness.Unknown, "1 error by the client's own fault", ""},
		{"the client's lack of ports", spoilt(300, harness.CausePorts), harness.Unknown, "1 error by the client's own fault", ""},
		{"the client's lack of descriptors", spoilt(300, harness.CauseDescriptors), harness.Unknown, "1 error by the client's own fault", ""},
		{"given up by a late client", spoilt(300, harness.CauseShed), harness.Unknown, "1 error by the client's own fault", ""},
		{"given up for want of a connection", queued, harness.Fail, "1 shed", ""},
		{"given up for want of a connection, as the client read too slowly", waited, harness.Unknown, "1 error by the client's own fault", ""},
		{"hardly an attempt", thin, harness.Unknown, "only 99 attempts ended during and after it, want 100", ""},
		{"a trial that broke off", broken, harness.Unknown, "the lab fell over", ""},
		{"a fault of a proxy may be noticed", ofProxy, harness.Unknown, "no fault of a tracker was played", ""},
		{"a sham", outage(1, harness.TrackerOff, ms), harness.Unknown, "no fault of a tracker was played", ""},
	} {
		v := failOpen{}.JudgeRun(&harness.Run{Records: []*harness.Record{row.record}})
		if v.Status != row.status || !strings.Contains(v.Sentence, row.says) || !hasFinding(v, row.finding) {
			t.Errorf("%s:\ngot  %s %+v\nwant %s %q, finding %q", row.why, v.Status, v, row.status, row.says, row.finding)
		}
	}
	before := outage(2, harness.TrackerUp, ms)
	before.Error, before.Disturbances = "the lab fell over before", nil
	v := failOpen{}.JudgeRun(&harness.Run{Records: []*harness.Record{outage(1, harness.TrackerUp, ms), before}})
	if v.Status != harness.Unknown || !strings.Contains(v.Sentence, "up, trial 2: the trial could not be finished: the lab fell over before") {
		t.Errorf("a trial that broke off before its fault: %s %s", v.Status, v.Sentence)
	}
	v = failOpen{errors: 2}.JudgeRun(&harness.Run{Records: []*harness.Record{two}})
	if v.Status != harness.Pass || !strings.Contains(v.Sentence, "at most 2 errors per fault among 600 attempts") {
		t.Errorf("2 errors allowed: %s %s", v.Status, v.Sentence)
	}
}

func TestFailOpenComparesResponseTimesOverTrials(t *testing.T) {
	trials := func(took ...time.Duration) *harness.Run {
		var run harness.Run
		for i, d := range took {
			run.Records = append(run.Records, outage(i+1, harness.TrackerUp, d))
		}
		return &run
	}
	withSham := trials(4*ms, 4*ms, 4*ms, 4*ms, 4*ms)
	for i := range 5 {
		withSham.Records = append(withSham.Records, outage(i+1, harness.TrackerOff, 4*ms))
	}
	failing := trials(ms, ms, ms, ms, ms)
	failing.Records[0].Attempts[300].Cause = harness.CauseReset
	for _, row := range []struct {
		why           string
		run           *harness.Run
		status        harness.Status
		says, finding string
	}{
		{"as fast", trials(ms, ms, ms, ms, ms), harness.Pass, "no error among 3,000 attempts during and after 5 faults of trackers; p99 during the restart of tracker1 at 2s is 100.0 % (100.0 % to 100.0 %, n = 5) of that before the fault; at most 200.0 % is wanted", ""},
		{"slower", trials(3*ms, 3*ms, 4*ms, 3*ms, 3*ms), harness.Fail, "p99 during the restart of tracker1 at 2s is 300.0 %", "p99 after the restart of tracker1 at 2s: 100.0 %"},
		{"astride", trials(ms, ms, 3*ms, 3*ms, ms), harness.Unknown, "which the interval does not decide", ""},
		{"as slow as without any tracking", withSham, harness.Pass, "is 100.0 % (100.0 % to 100.0 %, n = 5) of that with trackers off", ""},
		{"few trials", trials(ms, ms, ms, ms), harness.Unknown, "4 trials to compare, want at least 5, each of 100 attempts or more", ""},
		{"an error outweighs times", failing, harness.Fail, "clients noticed 1 of 5 faults of trackers", "p99 during"},
		{"nothing", &harness.Run{}, harness.Unknown, "no fault of a tracker was played; no response times", ""},
	} {
		judge, err := New(harness.CheckSpec{Name: "fail-open", Options: map[string]string{"errors": "0", "slower": "2"}})
		if err != nil {
			t.Fatal(err)
		}
		v := judge.(harness.RunCheck).JudgeRun(row.run)
		if v.Status != row.status || !strings.Contains(v.Sentence, row.says) || !hasFinding(v, row.finding) {
			t.Errorf("%s:\ngot  %s %+v\nwant %s %q, finding %q", row.why, v.Status, v, row.status, row.says, row.finding)
		}
	}
}
