package harness

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// scriptedCheck gives each record the verdict that its Driver field spells.
type scriptedCheck struct{ name string }

var _ Check = scriptedCheck{}

func (c scriptedCheck) Name() string { return c.name }

func (c scriptedCheck) Judge(rec *Record) Verdict {
	v := Verdict{Check: c.name, Sentence: c.name + " says " + rec.Driver}
	if err := v.Status.UnmarshalText([]byte(rec.Driver)); err != nil {
		panic(err)
	}
	if v.Status != Pass {
		v.Findings = []Finding{{Subject: "c0001", Text: rec.Driver}}
	}
	return v
}

// fixedRun judges a run with one and the same status.
type fixedRun struct {
	name   string
	status Status
}

var _ RunCheck = fixedRun{}

func (c fixedRun) Name() string { return c.name }

func (c fixedRun) JudgeRun(run *Run) Verdict {
	return Verdict{Check: c.name, Status: c.status, Sentence: fmt.Sprintf("%d records", len(run.Records))}
}

// trials makes one record per status, all of one cell.
func trialsOf(statuses ...string) *Run {
	run := &Run{ID: "run-1", Scenario: Scenario{Name: "s", Trials: len(statuses)}, Began: time.Unix(100, 0), Ended: time.Unix(160, 0)}
	for i, s := range statuses {
		run.Records = append(run.Records, &Record{Cell: Cell{Name: "only"}, Trial: i + 1, Driver: s, Settlement: Settlement{Settled: true}})
	}
	return run
}

func TestFailOutweighsUnknownOutweighsPass(t *testing.T) {
	for _, test := range []struct {
		trials   []string
		run      Status
		status   Status
		sentence string
	}{
		{[]string{"pass"}, Pass, Pass, "Pass: 1 records; a says pass."},
		{[]string{"fail"}, Pass, Fail, "Fail: a: a says fail."},
		{[]string{"unknown"}, Pass, Unknown, "Unknown: a: a says unknown."},
		{[]string{"unknown"}, Fail, Fail, "Fail: z: 1 records."},
		{[]string{"fail"}, Fail, Fail, "Fail: z: 1 records; also a."},
		{[]string{"pass"}, Unknown, Unknown, "Unknown: z: 1 records."},
		{[]string{"pass", "pass"}, Pass, Pass, "Pass: 2 records."},
		{[]string{"pass", "unknown", "fail"}, Pass, Fail, "Fail: a: 1 of 3 trials fails, such as only, trial 3: a says fail."},
		{[]string{"pass", "unknown", "unknown"}, Pass, Unknown, "Unknown: a: 2 of 3 trials are unknown, such as only, trial 2: a says unknown."},
	} {
		r := Judge(trialsOf(test.trials...), []AnyCheck{scriptedCheck{"a"}, fixedRun{"z", test.run}})
		if r.Status != test.status || r.Sentence != test.sentence {
			t.Errorf("%v and %s: got %s %q\nwant %s %q", test.trials, test.run, r.Status, r.Sentence, test.status, test.sentence)
		}
	}
}

func TestAbsenceNeverPasses(t *testing.T) {
	missing := trialsOf("pass", "pass")
	missing.Scenario.Trials = 3
	swept := trialsOf("pass")
	swept.Scenario.Axes = []Axis{{Path: "topology.backend.count", Values: []string{"1", "2"}}}
	broken, interrupted := trialsOf("pass", "pass"), trialsOf("pass")
	broken.Records[1].Error = "lab is gone"
	interrupted.Records[0].Interrupted = true
	for _, test := range []struct {
		why      string
		run      *Run
		checks   []AnyCheck
		sentence string
	}{
		{"no record", trialsOf(), []AnyCheck{scriptedCheck{"a"}}, "Unknown: no trial was played."},
		{"no check", trialsOf("pass"), nil, "Unknown: no check judged the run."},
		{"a trial is missing", missing, []AnyCheck{scriptedCheck{"a"}}, "Unknown: only 2 of 3 trials were played."},
		{"a cell is missing", swept, []AnyCheck{scriptedCheck{"a"}}, "Unknown: only 1 of 2 trials were played."},
		{"a trial broke off", broken, []AnyCheck{scriptedCheck{"a"}}, "Unknown: 1 of 2 trials could not be finished: only, trial 2: lab is gone."},
		{"interrupted, and no check minds", interrupted, []AnyCheck{scriptedCheck{"a"}}, "Unknown: 1 of 1 trials could not be finished: it was interrupted."},
	} {
		r := Judge(test.run, test.checks)
		if r.Status != Unknown || r.Sentence != test.sentence {
			t.Errorf("%s: %s %q", test.why, r.Status, r.Sentence)
		}
	}
}

func TestVerdictsOfAllTrialsBecomeOne(t *testing.T) {
	r := Judge(trialsOf("fail", "pass", "fail"), []AnyCheck{scriptedCheck{"a"}, scriptedCheck{"b"}})
	want := []Verdict{
		{Check: "a", Status: Fail, Sentence: "2 of 3 trials fail, such as only, trial 1: a says fail",
			Findings: []Finding{{"only, trial 1: c0001", "fail"}, {"only, trial 3: c0001", "fail"}}},
		{Check: "b", Status: Fail, Sentence: "2 of 3 trials fail, such as only, trial 1: b says fail",
			Findings: []Finding{{"only, trial 1: c0001", "fail"}, {"only, trial 3: c0001", "fail"}}},
	}
	if diff := cmp.Diff(want, r.Verdicts); diff != "" {
		t.Error(diff)
	}
	if v := r.Cells[0].Trials[2].Verdicts; len(v) != 2 || v[1].Check != "b" || v[1].Status != Fail {
		t.Errorf("trial 3: %+v", v)
	}
}

func TestFindingsOfManyTrialsAreCapped(t *testing.T) {
	v := Judge(trialsOf(slices.Repeat([]string{"fail"}, 60)...), []AnyCheck{scriptedCheck{"a"}}).Verdicts[0]
	if len(v.Findings) != MaxFindings || v.Omitted != 10 {
		t.Errorf("%d findings, %d omitted", len(v.Findings), v.Omitted)
	}
}

func TestCellsStandInTheOrderOfTheAxes(t *testing.T) {
	run := &Run{Scenario: Scenario{Axes: []Axis{{"topology.backend.count", []string{"2", "10"}}, {routePath, []string{"proxy", "direct"}}}}}
	for _, at := range []struct {
		count, route string
		trial        int
	}{{"10", "direct", 1}, {"2", "direct", 2}, {"10", "proxy", 1}, {"2", "proxy", 1}, {"2", "direct", 1}} { // as a shuffle plays them
		run.Records = append(run.Records, &Record{Trial: at.trial, Cell: Cell{
			Name:     "count=" + at.count + ",route=" + at.route,
			Settings: []Setting{{"topology.backend.count", at.count}, {routePath, at.route}},
		}})
	}
	var got []string
	for _, cell := range Judge(run, nil).Cells {
		for _, trial := range cell.Trials {
			got = append(got, trial.Directory)
		}
	}
	want := []string{"count=2,route=proxy/1", "count=2,route=direct/1", "count=2,route=direct/2", "count=10,route=proxy/1", "count=10,route=direct/1"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// Records come in the order of play, and from disk in the order of their names.
func TestJudgingAgainInAnotherOrderSaysTheSame(t *testing.T) {
	run := trialsOf("fail", "pass", "fail")
	again := *run
	again.Records = []*Record{run.Records[2], run.Records[1], run.Records[0]}
	checks := []AnyCheck{scriptedCheck{"a"}}
	if diff := cmp.Diff(Judge(run, checks), Judge(&again, checks)); diff != "" {
		t.Error(diff)
	}
	if run.Records[0].Trial != 1 || again.Records[0].Trial != 3 {
		t.Error("the caller's records were moved")
	}
}

// advice is a check whose answer does not weigh.
type advice struct{ scriptedCheck }

func (advice) Advisory() bool { return true }

func TestAdviceIsMarkedInTheTrialAndInTheRun(t *testing.T) {
	r := Judge(trialsOf("fail"), []AnyCheck{advice{scriptedCheck{"a"}}, fixedRun{"z", Pass}})
	if r.Status != Pass || !r.Verdicts[0].Advisory || !r.Cells[0].Trials[0].Verdicts[0].Advisory || r.Verdicts[1].Advisory {
		t.Errorf("%s: %+v %+v", r.Sentence, r.Verdicts, r.Cells[0].Trials[0].Verdicts)
	}
}

func TestTrialShowsEveryCustomerByWitness(t *testing.T) {
	run := trialsOf("pass")
	run.Records[0].Ledgers = map[string]Ledger{
		WitnessClient: {"c0001": {Sure: 2, Unsure: 1}, "c0002": {Sure: 5}}, WitnessTracker: {"c0001": {Sure: 3}}, WitnessOrigin: {},
	}
	trial := Judge(run, nil).Cells[0].Trials[0]
	want := map[string]map[string]Tally{
		"c0001": {WitnessClient: {2, 1}, WitnessTracker: {Sure: 3}}, "c0002": {WitnessClient: {Sure: 5}},
	}
	if diff := cmp.Diff(want, trial.Customers); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[string]Tally{WitnessClient: {7, 1}, WitnessTracker: {Sure: 3}, WitnessOrigin: {}}, trial.Counts); diff != "" {
		t.Error(diff)
	}
}

func TestWarningsStandForEveryWeakNumber(t *testing.T) {
	run := trialsOf("pass")
	run.Scenario.Trials = 2
	rec := run.Records[0]
	rec.Error, rec.Interrupted = "lab is gone", true
	rec.Attempts = []Attempt{{Sent: 20 * ms, Done: 30 * ms, Outcome: OK}}
	rec.Host = HostUsage{Wall: time.Second, Cores: 1, Busy: 990 * ms, Stolen: 30 * ms}
	rec.Settlement = Settlement{Missing: []string{"proxy1: 3 sessions"}}
	rec.Absent = map[string]string{WitnessTracker: "refused", WitnessOrigin: "gone"}
	rec.Nodes = []Node{{Name: "backend1", CPUs: 0.2}, {Name: "backend2", CPUs: 0.2, Limited: true}}
	rec.Usage = []Usage{{Node: "backend1", Unknown: "no cgroup"}, {Node: "backend2"}}
	want := []string{
		"only 1 of 2 trials were played",
		"the trial could not be finished: lab is gone",
		"the trial was interrupted",
		"the generator sent late: lag p99 20ms, which is part of every latency",
		"the hypervisor stole 3.0 % of the CPU time",
		"all cores were busy for 99.0 % of the time",
		"the lab had not settled: proxy1: 3 sessions",
		"witness origin could not testify: gone",
		"witness tracker could not testify: refused",
		"CPU limit not in force: backend1",
		"CPU use not known: backend1 (no cgroup)",
	}
	if diff := cmp.Diff(want, Judge(run, nil).Warnings); diff != "" {
		t.Error(diff)
	}
}

func TestGoodTrialHasNoWarnings(t *testing.T) {
	if w := Judge(trialsOf(""), nil).Warnings; len(w) > 0 {
		t.Errorf("%q", w)
	}
}

func TestSearchWarnsWhereItsBracketIsOpen(t *testing.T) {
	for want, s := range map[string]*Sustained{
		"at least 500/s":                   {MetRPS: 500},
		"not even the first stair of 50/s": {ViolatedRPS: 50},
		"":                                 {MetRPS: 500, ViolatedRPS: 550},
		" ":                                nil,
	} {
		got := strings.Join(searchWarnings(s), "")
		if !strings.Contains(got, strings.TrimSpace(want)) || strings.TrimSpace(want) == "" && got != "" {
			t.Errorf("%+v: %q, want %q", s, got, want)
		}
	}
}

func TestWarningsAreCapped(t *testing.T) {
	run := trialsOf(slices.Repeat([]string{"pass"}, 60)...)
	for _, rec := range run.Records {
		rec.Interrupted = true // which is a warning
	}
	w := Judge(run, nil).Warnings
	if len(w) != maxWarnings+1 || w[maxWarnings] != "and 10 more warnings" {
		t.Errorf("%d warnings, the last is %q", len(w), w[len(w)-1])
	}
}

func TestResultIsJSONWithWords(t *testing.T) {
	r := Judge(trialsOf("fail"), []AnyCheck{scriptedCheck{"a"}})
	text, err := json.Marshal(r)
	if err != nil || !strings.Contains(string(text), `"verdict":"fail"`) || r.Schema != ResultSchema || r.Took != time.Minute || r.Run != "run-1" {
		t.Errorf("%v: %s", err, text)
	}
}

// charging is a check that has found charges.
type charging struct{ scriptedCheck }

func (c charging) Judge(rec *Record) Verdict {
	v := c.scriptedCheck.Judge(rec)
	v.Charges = []Charge{{Tracker: "tracker", Lost: uint64(rec.Trial)}}
	return v
}

func TestResultHasWhatWasFoundOfTrackersAndFaults(t *testing.T) {
	run := &Run{ID: "run-1", Scenario: Scenario{Name: "s", Trials: 2}, Began: time.Unix(100, 0), Ended: time.Unix(160, 0)}
	for trial := range 2 {
		rec := outageRecord(trial+1, TrackerUp, time.Millisecond, time.Millisecond, time.Millisecond)
		rec.Driver = "pass"
		run.Records = append(run.Records, rec)
	}
	r := Judge(run, []AnyCheck{charging{scriptedCheck{"charged"}}})
	for i, trial := range r.Cells[0].Trials {
		if diff := cmp.Diff([]Charge{{Tracker: "tracker", Lost: uint64(i + 1)}}, trial.Charged); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff(PhasesOf(run.Records[i]), trial.Phases); diff != "" || len(trial.Phases) != 1 {
			t.Error(diff)
		}
	}
	if diff := cmp.Diff(Outages(run), r.Outages); diff != "" || len(r.Outages) != 1 {
		t.Error(diff)
	}
}
