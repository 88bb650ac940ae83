package harness_test

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/haproof/haproof/harness"
	"github.com/haproof/haproof/harness/check"
)

func TestTrialsOfAllCellsAreInterleavedInASeededOrder(t *testing.T) {
	order := func(seed uint64) []string {
		plan := new(stage).plan(t, 8, "a", "b", "c")
		plan.Scenario.Workload.Seed = seed
		run, err := harness.Play(t.Context(), plan)
		if err != nil {
			t.Fatal(err)
		}
		return played(run)
	}
	first := order(1)
	rounds := map[string]bool{}
	for trial := range 8 { // every cell once before any has its next trial
		round := slices.Clone(first[3*trial : 3*trial+3])
		var cells string
		for _, r := range round {
			cells += r[:1]
		}
		rounds[cells] = true
		slices.Sort(round)
		n := string(rune('1' + trial))
		if diff := cmp.Diff([]string{"a/" + n, "b/" + n, "c/" + n}, round); diff != "" {
			t.Errorf("trial %s (-want +got):\n%s", n, diff)
		}
	}
	if len(rounds) < 2 {
		t.Errorf("every trial has the order %v, want it shuffled anew", rounds)
	}
	if diff := cmp.Diff(first, order(1)); diff != "" {
		t.Errorf("the same seed plays another order:\n%s", diff)
	}
	if cmp.Equal(first, order(2)) {
		t.Error("another seed plays the same order")
	}
}

func TestCountsGetAFreshLabForEveryTrial(t *testing.T) {
	s := &stage{}
	run, err := harness.Play(t.Context(), s.plan(t, 2, "a", "b"))
	if err != nil || len(run.Records) != 4 {
		t.Fatalf("%v: %v", played(run), err)
	}
	if len(s.sites) != 4 || s.most != 1 || s.open != 0 {
		t.Errorf("%d labs, %d at a time, %d left open: want 4, 1 and 0", len(s.sites), s.most, s.open)
	}
	for _, rec := range run.Records {
		if got := rec.Ledgers[harness.WitnessTracker].Total().Sure; got != 50 || !rec.Settlement.Settled {
			t.Errorf("%s: tracker counted %d of this trial, settled %v", rec.Cell.Name, got, rec.Settlement.Settled)
		}
	}
}

// searchPlan sweeps two topologies by two routes.
func searchPlan(t *testing.T, s *stage, trials int) harness.Plan {
	plan := s.plan(t, trials, "1,proxy", "1,direct", "2,proxy", "2,direct")
	plan.Scenario.Workload.Search = &harness.Search{}
	for i := range plan.Cells {
		sc := &plan.Cells[i].Scenario
		sc.Workload.Search = plan.Scenario.Workload.Search
		sc.Topology = harness.Topology{harness.TierBackend: {Count: i/2 + 1}}
	}
	return plan
}

func TestSearchesShareOneWarmLabPerTopologyAndTakeNoTestimony(t *testing.T) {
	s := &stage{}
	run, err := harness.Play(t.Context(), searchPlan(t, s, 3))
	if err != nil || len(run.Records) != 12 {
		t.Fatalf("%v: %v", played(run), err)
	}
	if len(s.sites) != 2 || s.most != 2 || s.open != 0 || !strings.HasPrefix(s.log[2], "close") {
		t.Errorf("%d labs, %d left open: %v", len(s.sites), s.open, s.log)
	}
	for _, rec := range run.Records {
		if len(rec.Ledgers) != 1 || len(rec.Attempts) != 50 || rec.Settlement.Settled {
			t.Errorf("%s/%d: %d ledgers, %d attempts", rec.Cell.Name, rec.Trial, len(rec.Ledgers), len(rec.Attempts))
		}
	}
}

func TestWarmLabsAreClosedWhenAnotherCannotStart(t *testing.T) {
	s := &stage{starting: refuseLab(2, errNoRoom)}
	run, err := harness.Play(t.Context(), searchPlan(t, s, 1))
	if !errors.Is(err, errNoRoom) || len(run.Records) != 0 || s.open != 0 || len(s.log) != 2 {
		t.Errorf("%v, %v: %v", err, played(run), s.log)
	}
}

// judged judges what is on disk.
func judged(t *testing.T, plan harness.Plan, run *harness.Run) *harness.Result {
	t.Helper()
	again := *run
	again.Records = nil
	for _, p := range played(run) {
		rec, err := harness.ReadRecord(filepath.Join(plan.Out, p))
		if err != nil {
			t.Fatal(err)
		}
		again.Records = append(again.Records, rec)
	}
	checks, err := check.All(plan.Scenario.Checks)
	if err != nil {
		t.Fatal(err)
	}
	result := harness.Judge(&again, checks)
	if now := harness.Judge(run, checks); now.Sentence != result.Sentence || now.Status != result.Status {
		t.Errorf("judged from disk: %s\njudged at once: %s", result.Sentence, now.Sentence)
	}
	return result
}

func TestSoftStopKeepsAPartialRecordThatProvesNothing(t *testing.T) {
	soft, stop := context.WithCancel(t.Context())
	s := &stage{driving: after(40, stop)}
	plan := s.plan(t, 1, "a", "b")
	plan.Soft = soft
	run, err := harness.Play(t.Context(), plan)
	if !errors.Is(err, harness.ErrInterrupted) || len(run.Records) != 1 || s.open != 0 {
		t.Fatalf("%v after %v", err, played(run))
	}
	rec := run.Records[0]
	if !rec.Interrupted || rec.Error != "" || len(rec.Attempts) != 40 || !rec.Settlement.Settled || len(rec.Ledgers) != 5 {
		t.Errorf("record: interrupted %v, error %q, %d attempts, %d ledgers", rec.Interrupted, rec.Error, len(rec.Attempts), len(rec.Ledgers))
	}
	if r := judged(t, plan, run); r.Status != harness.Unknown || !r.Interrupted {
		t.Errorf("%s: %s", r.Status, r.Sentence)
	}
}

// The context of Soft ends with the other, as the command has it.
func TestHardStopKeepsWhatWasSeen(t *testing.T) {
	hard, stop := context.WithCancel(t.Context())
	s := &stage{driving: after(40, stop)}
	plan := s.plan(t, 1, "a", "b")
	plan.Soft = hard
	run, err := harness.Play(hard, plan)
	if !errors.Is(err, harness.ErrInterrupted) || len(run.Records) != 1 || s.open != 0 {
		t.Fatalf("%v after %v", err, played(run))
	}
	if rec := run.Records[0]; !rec.Interrupted || len(rec.Attempts) != 40 || rec.Settlement.Settled || len(rec.Settlement.Missing) == 0 {
		t.Errorf("%+v", rec)
	}
	if r := judged(t, plan, run); r.Status != harness.Unknown {
		t.Errorf("%s: %s", r.Status, r.Sentence)
	}
}

func TestALabThatCannotStartKeepsEarlierRecords(t *testing.T) {
	s := &stage{starting: refuseLab(3, errNoRoom)}
	plan := s.plan(t, 2, "a", "b")
	run, err := harness.Play(t.Context(), plan)
	if !errors.Is(err, errNoRoom) || !strings.Contains(err.Error(), "trial 2") || len(run.Records) != 2 || s.open != 0 {
		t.Fatalf("%v after %v", err, played(run))
	}
	if r := judged(t, plan, run); r.Sentence != "Unknown: only 2 of 4 trials were played." {
		t.Errorf("%s", r.Sentence)
	}
}

func TestErrorsOfClosingAreToldEvenAfterAnInterrupt(t *testing.T) {
	errOne, errTwo := errors.New("lab 1 is stuck"), errors.New("lab 2 is stuck")
	soft, stop := context.WithCancel(t.Context())
	s := &stage{
		closing: func(n int) error { return []error{errOne, errTwo}[n-1] },
		driving: after(1, stop),
	}
	plan := searchPlan(t, s, 1)
	plan.Soft = soft
	run, err := harness.Play(t.Context(), plan)
	for _, want := range []error{errOne, errTwo, harness.ErrInterrupted} {
		if !errors.Is(err, want) {
			t.Errorf("got %v, want %v too", err, want)
		}
	}
	if len(run.Records) != 1 || s.open != 0 {
		t.Errorf("%v, %d labs open", played(run), s.open)
	}
}

func TestARecordThatCannotBeWrittenIsStillReturned(t *testing.T) {
	s := &stage{}
	plan := s.plan(t, 1, "a", "b")
	plan.Out = "/dev/null"
	run, err := harness.Play(t.Context(), plan)
	if err == nil || len(run.Records) != 1 || s.open != 0 {
		t.Errorf("%v after %v, %d labs open", err, played(run), s.open)
	}
}

// backlog reports what was in flight when the context ended, as a driver does.
type backlog struct{ *stage }

func (b backlog) Drive(ctx context.Context, w harness.Workload, to []harness.Endpoint, report func(harness.Attempt)) (harness.Driven, error) {
	driven, err := b.stage.Drive(ctx, w, to, report)
	for seq := range uint64(3) {
		if ctx.Err() != nil {
			report(harness.Attempt{Seq: 1000 + seq, Outcome: harness.OK})
		}
	}
	return driven, err
}

func TestLimitOfAttemptsStopsTheDriverAndKeepsWhatWasInFlight(t *testing.T) {
	s := &stage{}
	plan := s.plan(t, 1, "a")
	plan.Limit = 10
	plan.Driver = func(string) (harness.Driver, error) { return backlog{s}, nil }
	run, err := harness.Play(t.Context(), plan)
	if err != nil {
		t.Fatal(err)
	}
	rec, err := harness.ReadRecord(filepath.Join(plan.Out, "a", "1"))
	if err != nil || len(rec.Attempts) != 13 || !strings.HasPrefix(rec.Error, "stopped at the limit of 10 attempts per trial") || rec.Interrupted {
		t.Errorf("%v: %d attempts, error %q", err, len(rec.Attempts), rec.Error)
	}
	if r := judged(t, plan, run); r.Status == harness.Pass {
		t.Errorf("%s", r.Sentence)
	}
}

func TestTrialOfExactlyTheLimitIsWhole(t *testing.T) {
	plan := new(stage).plan(t, 1, "a")
	plan.Limit = 100
	run, err := harness.Play(t.Context(), plan)
	if err != nil || len(run.Records[0].Attempts) != 100 || run.Records[0].Error != "" {
		t.Fatalf("%v: error %q", err, run.Records[0].Error)
	}
	if r := judged(t, plan, run); r.Status != harness.Pass {
		t.Errorf("%s: %s", r.Status, r.Sentence)
	}
}

func TestADriverThatIsNotKnownLeavesARecord(t *testing.T) {
	errNoDriver := errors.New("no such driver")
	plan := new(stage).plan(t, 1, "a")
	plan.Driver = func(string) (harness.Driver, error) { return nil, errNoDriver }
	run, err := harness.Play(t.Context(), plan)
	if err != nil || len(run.Records) != 1 || run.Records[0].Error != errNoDriver.Error() {
		t.Fatalf("%v: %+v", err, run.Records)
	}
	if r := judged(t, plan, run); r.Status != harness.Unknown {
		t.Errorf("%s: %s", r.Status, r.Sentence)
	}
}

func TestProgressNamesEveryPhaseAndWhatIsToCome(t *testing.T) {
	for total, length := range map[uint64]func(*harness.Workload){
		100: func(*harness.Workload) {},
		250: func(w *harness.Workload) { w.Requests, w.Rate, w.Duration = 0, 500, 500*time.Millisecond }, // of a duration: by its rate
	} {
		plan := new(stage).plan(t, 1, "a")
		length(&plan.Cells[0].Scenario.Workload)
		var phases []string
		var driving harness.Progress
		plan.Progress = func(p harness.Progress) {
			phases = append(phases, p.Phase)
			if p.Phase == "driving" {
				driving = p
			}
		}
		if _, err := harness.Play(t.Context(), plan); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]string{"starting", "driving", "settling", "testifying", "closing"}, slices.Compact(phases)); diff != "" {
			t.Errorf("phases (-want +got):\n%s", diff)
		}
		if driving.Total != total || driving.Cell != "a" || driving.Trial != "1" {
			t.Errorf("got %+v, want a total of %d", driving, total)
		}
	}
}

// TestTotalsStandForAnyNumberOfAttempts: where attempts are not kept there is no limit, and
// the record says the same.
func TestTotalsStandForAnyNumberOfAttempts(t *testing.T) {
	records := map[bool]*harness.Record{}
	for _, only := range []bool{false, true} {
		plan := new(stage).plan(t, 1, "a")
		if plan.TotalsOnly = only; only {
			plan.Limit = 3
		}
		run, err := harness.Play(t.Context(), plan)
		if err != nil || len(run.Records) != 1 {
			t.Fatalf("%v: %v", played(run), err)
		}
		rec, err := harness.ReadRecord(filepath.Join(plan.Out, "a", "1"))
		if err != nil {
			t.Fatal(err)
		}
		records[only] = rec
	}
	kept, only := records[false], records[true]
	if len(only.Attempts) > 0 || only.Made() != kept.Made() || kept.Made() <= 3 || only.Error != "" {
		t.Errorf("%d attempts kept, %d made by totals, %d else; %s", len(only.Attempts), only.Made(), kept.Made(), only.Error)
	}
	if diff := cmp.Diff(kept.Ledgers[harness.WitnessClient], only.Ledgers[harness.WitnessClient]); diff != "" {
		t.Error(diff)
	}
}
