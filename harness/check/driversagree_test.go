package check

import (
	"strings"
	"testing"
	"time"

	"github.com/haproof/haproof/harness"
)

// driversRun has a trial of each driver for every factor, wire taking that many times
// as long as vegeta, on a machine that is slower from trial to trial.
func driversRun(factors ...float64) *harness.Run {
	run := &harness.Run{}
	for i, factor := range factors {
		for driver, times := range map[string]float64{"vegeta": 1, "wire": factor} {
			rec := good()
			rec.Trial, rec.Driver = i+1, driver
			rec.Cell.Name = "workload.driver=" + driver
			rec.Cell.Settings = []harness.Setting{{Path: "workload.driver", Value: driver}}
			for k := range rec.Attempts {
				a := &rec.Attempts[k]
				a.Sent, a.Done = a.Intended, a.Intended+time.Duration(times*float64(ms<<i))
			}
			run.Records = append(run.Records, rec)
		}
	}
	return run
}

// ofWire returns the first trial of wire.
func ofWire(run *harness.Run) *harness.Record {
	for _, rec := range run.Records {
		if rec.Driver == "wire" {
			return rec
		}
	}
	return nil
}

func TestDriversAgreeOnCountsExactlyAndOnTimesWithinBounds(t *testing.T) {
	changed := func(run *harness.Run, change func(*harness.Record)) *harness.Run {
		change(ofWire(run))
		return run
	}
	alike := func() *harness.Run { return driversRun(1.1, 1.1, 1.2, 0.9, 1) }
	for _, row := range []struct {
		why    string
		run    *harness.Run
		status harness.Status
		says   string
	}{
		{"alike", alike(), harness.Pass, "wire and vegeta agree exactly on 500 attempts and 100 tallies of customers in 5 trials of each, and on times: response p50"},
		{"one charge too many", changed(alike(), func(r *harness.Record) { charge(r, harness.WitnessTracker, "c0002", 11) }), harness.Fail, "wire and vegeta disagree in 1 particular among 500 attempts and 100 tallies"},
		{"one attempt for another customer", changed(alike(), func(r *harness.Record) { r.Attempts[7].Key = "c0001" }), harness.Fail, "disagree in 1 particular"},
		{"one attempt less", changed(alike(), func(r *harness.Record) { r.Attempts = r.Attempts[1:] }), harness.Fail, "disagree in 1 particular"},
		{"counts weigh more than times", changed(driversRun(9, 9, 9, 9, 9), func(r *harness.Record) { r.Attempts[7].Key = "c0001" }), harness.Fail, "disagree in 1 particular"},
		{"all slower", driversRun(4, 4, 5, 4, 4.5), harness.Fail, ", but not on times: response p50 400.0 %"},
		{"all faster", driversRun(0.2, 0.25, 0.2, 0.2, 0.2), harness.Fail, ", but not on times: response p50 20.0 %"},
		{"astride of the bound", driversRun(1, 1.2, 1.4, 1.8, 2), harness.Unknown, "5 trials of each; whether on times too is not decided: response p50 140.0 %"},
		{"astride of the lower bound", driversRun(1, 0.8, 0.7, 0.5, 0.4), harness.Unknown, "is not decided"},
		{"four trials", driversRun(1, 1, 1, 1), harness.Unknown, "response p50: 4 pairs of trials, want at least 5"},
		{"a trial broke off", changed(driversRun(1, 1, 1, 1, 1, 1), func(r *harness.Record) { r.Error = "no lab" }), harness.Unknown, "not everything can be compared: wire, trial 1: it could not be finished: no lab"},
		{"a witness was absent", changed(alike(), func(r *harness.Record) { delete(r.Ledgers, harness.WitnessOrigin) }), harness.Unknown, "witness origin did not testify for both drivers"},
		{"one driver", &harness.Run{Records: alike().Records[:1]}, harness.Unknown, "nothing was played by two drivers"},
		{"nothing", &harness.Run{}, harness.Unknown, "nothing was played by two drivers"},
	} {
		judge, err := New(harness.CheckSpec{Name: "drivers-agree", Options: map[string]string{"p50": "1.5", "p99": "3"}})
		if err != nil {
			t.Fatal(err)
		}
		v := judge.(harness.RunCheck).JudgeRun(row.run)
		if v.Status != row.status || !strings.Contains(v.Sentence, row.says) || v.Check != "drivers-agree" {
			t.Errorf("%s:\ngot  %s %s\nwant %s %q", row.why, v.Status, v.Sentence, row.status, row.says)
		}
	}
}

func TestDriversThatWereNotCountedDoNotAgree(t *testing.T) {
	run := driversRun(1, 1, 1, 1, 1)
	for _, rec := range run.Records {
		rec.Ledgers = nil
	}
	v := driversAgree{p50: 2, p99: 2}.JudgeRun(run)
	if v.Status != harness.Unknown || !strings.Contains(v.Sentence, "no witness counted anything") {
		t.Errorf("got %s %s", v.Status, v.Sentence)
	}
}
