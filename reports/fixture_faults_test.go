package reports

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/haproof/haproof/harness"
)

var faultsPlayed = copies(buildFaults)

// buildFaults is a run of both styles of keys, in which a proxy is reloaded and the
// tracker started again. With plain keys a reload loses what the old process counts.
func buildFaults() *harness.Result {
	s := quotaScenario()
	s.Name, s.Question = "reload", "What does a reload cost?"
	s.Axes = []harness.Axis{{Path: "topology.proxy.keys", Values: []string{"exact", "plain"}}}
	s.Faults = []harness.Fault{
		{At: 2 * time.Second, Do: harness.FaultReload, Node: "proxy1"},
		{At: 5 * time.Second, Do: harness.FaultRestart, Node: "tracker1", After: time.Second},
	}
	s.Checks = []harness.CheckSpec{{Name: "fail-open"}, {Name: "charged", Options: map[string]string{"exact": "lost 0 doubled 0", "plain": "lost 1..stopping"}}}
	r := quotaPass()
	r.Run, r.Scenario, r.Warnings, r.Cells = "20261121-141500-reload", s, nil, nil
	r.Sentence = "Pass: 2 of 2 trials pass, such as of 10,000 dynamic answers tracker lost 0 (wanted 0) and doubled 0 (wanted 0), with keys exact."
	for i, keys := range s.Axes[0].Values {
		trial := quotaTrial(rand.New(rand.NewPCG(3, uint64(i))), 20000)
		trial.Directory = "proxy.keys=" + keys + "/1"
		disturb(&trial, s.Faults)
		charge := harness.Charge{Tracker: "tracker", Truth: trial.Counts[harness.WitnessClient], Counted: trial.Counts[harness.WitnessTracker].Sure,
			LostRange: harness.Range{Text: "0"}, DoubledRange: harness.Range{Text: "0"}}
		if keys == "plain" {
			lose(&trial, &charge, "c0007", 3)
			charge.LostRange = harness.Range{Low: 1, High: 12, Text: "1..stopping"}
		}
		trial.Charged = []harness.Charge{charge}
		trial.Verdicts = []harness.Verdict{{Check: "charged", Status: harness.Pass, Sentence: "the tracker lost what was expected"}}
		r.Cells = append(r.Cells, harness.CellResult{Cell: harness.Cell{Name: "proxy.keys=" + keys, Scenario: s, Settings: []harness.Setting{{Path: s.Axes[0].Path, Value: keys}}}, Trials: []harness.TrialResult{trial}})
	}
	change := harness.Change{Median: 0.009, Reference: 0.006, Ratio: 1.5, Low: 1.42, High: 1.61, N: 5}
	once := harness.Change{Median: 0.007, Reference: 0.006, Ratio: 1.1, Low: 1.1, High: 1.1, N: 1}
	r.Outages = []harness.Outage{{Name: "topology.proxy.keys=exact", State: harness.TrackerUp, Fault: s.Faults[1], Reference: harness.ReferenceBefore, During: change, After: once}}
	r.Verdicts = []harness.Verdict{
		{Check: "fail-open", Status: harness.Pass, Sentence: "no error among 24,000 attempts during and after 2 faults of trackers"},
		{Check: "charged", Status: harness.Pass, Sentence: "2 of 2 trials pass", Findings: []harness.Finding{{Subject: "proxy.keys=plain, trial 1: c0007",
			Text: "tracker counts 197 of 200 dynamic answers, 3 lost: attempt 4100 of c0007, answered by the stopping worker 3ms after the reload of proxy1"}}},
	}
	return r
}

// disturb has faults played and tells what clients saw of them.
func disturb(t *harness.TrialResult, faults []harness.Fault) {
	for i, f := range faults {
		d := harness.Disturbance{Fault: f, Began: f.At + time.Millisecond, Ended: f.At + 80*time.Millisecond + f.After}
		d.Whole = d.Ended + 250*time.Millisecond
		t.Disturbances = append(t.Disturbances, d)
		end := 10 * time.Second
		if i+1 < len(faults) {
			end = faults[i+1].At
		}
		t.Phases = append(t.Phases, harness.Phases{
			Disturbance: i, Recovery: d.Whole - d.Ended,
			Before: phase(0, faults[0].At, 6), During: phase(d.Began, d.Whole, 9), After: phase(d.Whole, end, 6),
		})
	}
}

// phase is one of 2000 attempts a second with so many milliseconds at p99.
func phase(from, to time.Duration, p99 int) harness.Phase {
	return harness.Phase{From: from, To: to, Attempts: uint64((to - from) / (500 * time.Microsecond)), RateRPS: 2000,
		P50: 1400 * time.Microsecond, P99: time.Duration(p99) * time.Millisecond}
}

// lose has the tracker lack answers of one customer.
func lose(t *harness.TrialResult, c *harness.Charge, key string, n uint64) {
	t.Customers[key][harness.WitnessTracker] = harness.Tally{Sure: t.Customers[key][harness.WitnessClient].Sure - n}
	t.Counts[harness.WitnessTracker] = harness.Tally{Sure: c.Counted - n}
	c.Counted, c.Lost = c.Counted-n, n
	for i := range n {
		c.Explained = append(c.Explained, harness.Explained{Customer: key, Seq: 4100 + i, Of: n, Certain: true,
			Cause: fmt.Sprintf("answered by the stopping worker %dms after the reload of proxy1", 3+i)})
	}
}

func TestPhasesOfFaultsThatAreNotThereAreLeftOut(t *testing.T) {
	r := faultsPlayed()
	r.Cells = r.Cells[:1]
	trial := &r.Cells[0].Trials[0]
	trial.Phases[0].Disturbance, trial.Phases[1].Disturbance = 7, -1
	if rows := phaseTable(r).Rows; len(rows) > 0 {
		t.Errorf("rows %v", rows)
	}
}

func TestChargesAreMarkedByWhatWasExpected(t *testing.T) {
	held, broken := harness.Range{Low: 1, High: 3, Text: "1..stopping"}, harness.Range{Text: "0"}
	r := faultsPlayed()
	r.Cells = r.Cells[:1]
	r.Cells[0].Trials[0].Charged = []harness.Charge{
		{Tracker: "tracker1", Truth: harness.Tally{Sure: 9, Unsure: 2}, Counted: 8, Lost: 1, LostRange: held, DoubledRange: broken},
		{Tracker: "tracker2", Lost: 1, LostRange: broken, DoubledRange: broken},
		{Tracker: "tracker3", LostRange: broken},
	}
	want := []row{
		{Cells: []string{"tracker1", "9 to 11", "8", "1", "1..stopping (1 to 3)", "0", "0"}},
		{Cells: []string{"tracker2", "0", "0", "1", "0", "0", "0"}, Mark: "fail"},
		{Cells: []string{"tracker3", "0", "0", "0", "0", "0", "not known"}, Mark: "unknown"},
	}
	if diff := cmp.Diff(want, chargeTable(r).Rows); diff != "" {
		t.Error(diff)
	}
	if f := facts(r); !slices.Contains(f, fact{Figure: "1", Label: "lost, 1..stopping (1 to 3) expected", Class: "fail"}) {
		t.Errorf("facts %v", f)
	}
}

func TestShamsAreNamedAndNotMarkedOnTheCourse(t *testing.T) {
	r := faultsPlayed()
	chart, _ := courseChart(r, shown(r))
	marked := chart.inline()
	for i := range shown(r).trial.Disturbances {
		shown(r).trial.Disturbances[i].Sham = true
	}
	if chart, _ = courseChart(r, shown(r)); chart.inline() == marked {
		t.Error("a sham is drawn as a fault")
	}
	if cell := faultTable(r).Rows[2].Cells[1]; cell != "reload (sham)" {
		t.Errorf("it is called %s", cell)
	}
}
