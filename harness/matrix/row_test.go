package matrix_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/haproof/haproof/harness"
	"github.com/haproof/haproof/harness/matrix"
)

// cellOf is a cell of a style of keys.
func cellOf(style string) harness.Cell {
	return harness.Cell{
		Name: "proxy.keys=" + style, Settings: []harness.Setting{{Path: matrix.StyleAxis, Value: style}},
		Scenario: harness.Scenario{Topology: harness.Topology{"proxy": {Keys: harness.KeyStyle(style)}}},
	}
}

// trial is one that passes.
func trial(lost, doubled uint64) harness.TrialResult {
	return harness.TrialResult{
		Nodes: []harness.Node{{Name: "backend1", Version: "1.22"}, {Name: "proxy1", Version: "2.6.12"}},
		Charged: []harness.Charge{{
			Truth: harness.Tally{Sure: 100, Unsure: 2}, Counted: 100 - lost + doubled, Lost: lost, Doubled: doubled,
			LostRange: harness.Range{Text: "0..stopping"}, DoubledRange: harness.Range{Text: "0"},
		}},
		Disturbances: []harness.Disturbance{{Began: time.Second, Whole: 3 * time.Second}, {Began: 5 * time.Second, Whole: 6 * time.Second}},
		Settlement:   harness.Settlement{Took: 100 * time.Millisecond},
		Verdicts: []harness.Verdict{
			{Check: "nodes-alive", Status: harness.Pass, Sentence: "all lived"},
			{Check: "charged", Status: harness.Pass, Sentence: "as expected"},
		},
	}
}

func resultOf(trials ...harness.TrialResult) *harness.Result {
	return &harness.Result{
		Scenario:    harness.Scenario{Name: "reload-once", Question: "What is lost?"},
		Environment: harness.Environment{Engine: "process"},
		Cells:       []harness.CellResult{{Cell: cellOf("plain"), Trials: trials}},
	}
}

var run = matrix.Run{Version: "2.6", Fingerprint: "f1", Command: func(c harness.Cell) string { return "play " + c.Name }}

func TestRowAddsUpItsTrials(t *testing.T) {
	want := []matrix.Row{{
		Fault: "reload-once", Style: harness.KeysPlain, Version: "2.6", HAProxy: "2.6.12", Engine: "process",
		Scenario: "f1", Question: "What is lost?", Command: "play proxy.keys=plain",
		Truth: harness.Tally{Sure: 200, Unsure: 4}, Counted: 195, Lost: 7, Doubled: 2,
		WantLost: "0..stopping", WantDoubled: "0",
		Recovery: 2 * time.Second, Convergence: 100 * time.Millisecond, Trials: 2,
		Verdict: harness.Pass, Sentence: "charged: as expected",
	}}
	if diff := cmp.Diff(want, run.Rows(resultOf(trial(3, 0), trial(4, 2)))); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
}

func TestRowIsAsBadAsItsWorstTrial(t *testing.T) {
	with := func(change func(*harness.TrialResult)) harness.TrialResult {
		bad := trial(0, 0)
		bad.Verdicts = append([]harness.Verdict{}, bad.Verdicts...)
		change(&bad)
		return bad
	}
	fails := func(r *harness.TrialResult) {
		r.Verdicts[0] = harness.Verdict{Check: "nodes-alive", Status: harness.Fail, Sentence: "one died"}
	}
	for name, tc := range map[string]struct {
		change   func(*harness.TrialResult)
		want     harness.Status
		sentence string
	}{
		"a check that fails outweighs the one that passes after it": {fails, harness.Fail, "nodes-alive: one died"},
		"advice weighs nothing":                    {func(r *harness.TrialResult) { fails(r); r.Verdicts[0].Advisory = true }, harness.Pass, "charged: as expected"},
		"a trial that was cut short is not a pass": {func(r *harness.TrialResult) { r.Error = "no lab" }, harness.Unknown, "the trial could not be finished: no lab"},
		"an interrupted trial is not a pass":       {func(r *harness.TrialResult) { r.Interrupted = true }, harness.Unknown, "the trial was interrupted"},
		"what fails fails, cut short or not":       {func(r *harness.TrialResult) { fails(r); r.Error = "no lab" }, harness.Fail, "nodes-alive: one died"},
		"without a check there is no pass":         {func(r *harness.TrialResult) { r.Verdicts = nil }, harness.Unknown, "no check judged it"},
	} {
		for _, trials := range [][]harness.TrialResult{{with(tc.change), trial(0, 0)}, {trial(0, 0), with(tc.change)}} {
			got := run.Rows(resultOf(trials...))[0]
			if got.Verdict != tc.want || got.Sentence != tc.sentence {
				t.Errorf("%s: got %s, %q, want %s, %q", name, got.Verdict, got.Sentence, tc.want, tc.sentence)
			}
		}
	}
}

func TestRowIsOfTheTrackerThatErredMost(t *testing.T) {
	two := trial(1, 0)
	two.Charged = append(two.Charged, trial(0, 5).Charged[0], trial(2, 0).Charged[0])
	if got := run.Rows(resultOf(two))[0]; got.Doubled != 5 || got.Lost != 0 || got.Truth.Sure != 100 {
		t.Errorf("got %+v, want the second tracker's 5 doubled", got)
	}
}

func TestRowNamesTheOtherAxesOfItsCell(t *testing.T) {
	cell := cellOf("exact")
	cell.Settings = append(cell.Settings, harness.Setting{Path: "topology.tracker.state", Value: "off"})
	if got := run.Row(cell, harness.Scenario{}, "process"); got.Also != "state=off" || got.Keys() != "exact state=off" {
		t.Errorf("got %q, want the state", got.Keys())
	}
}

func TestWhatWasNotPlayedIsNoPass(t *testing.T) {
	row := run.Row(cellOf("exact"), harness.Scenario{}, "process").NotPlayed("no root")
	if row.Verdict != harness.Unknown || row.Why != "no root" {
		t.Errorf("got %+v, want unknown with the reason", row)
	}
}
