package harness_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/haproof/haproof/harness"
	"github.com/haproof/haproof/harness/harnesstest"
)

// disturbedSite is a site that notes the faults that are played on it.
type disturbedSite struct {
	*harnesstest.Site
	disturb func(ctx context.Context, f harness.Fault) error
	broken  func() error // nil means never

	mu     sync.Mutex
	played []harness.Fault
}

var _ harness.Disturber = (*disturbedSite)(nil)

func (s *disturbedSite) Disturb(ctx context.Context, f harness.Fault) (harness.Deed, error) {
	s.mu.Lock()
	s.played = append(s.played, f)
	s.mu.Unlock()
	if s.disturb == nil {
		return harness.Deed{}, nil
	}
	return harness.Deed{}, s.disturb(ctx, f)
}

func (s *disturbedSite) Recovered(context.Context) error {
	if s.broken == nil {
		return nil
	}
	return s.broken()
}

// patientDriver reports one attempt that ended after 100 ms, and is done when
// told.
type patientDriver struct {
	site *harnesstest.Site
	done func(ctx context.Context)
}

func (patientDriver) Name() string { return "patient" }

func (d patientDriver) Drive(ctx context.Context, _ harness.Workload, _ []harness.Endpoint, report func(harness.Attempt)) (harness.Driven, error) {
	report(harness.Attempt{Done: 100 * time.Millisecond, Outcome: harness.OK, Status: 200})
	d.done(ctx)
	return harness.Driven{Offered: 1}, ctx.Err()
}

// playFaults plays one trial with faults.
func playFaults(t *testing.T, lab harness.Lab, d harness.Driver, soft context.Context, faults ...harness.Fault) *harness.Record {
	t.Helper()
	sc := harnesstest.Scenario(1)
	sc.Faults = faults
	return playScenario(t, sc, lab, d, soft)
}

func playScenario(t *testing.T, sc harness.Scenario, lab harness.Lab, d harness.Driver, soft context.Context) *harness.Record {
	t.Helper()
	run, err := harness.Play(t.Context(), harness.Plan{
		ID: "run-1", Scenario: sc, Cells: []harness.Cell{{Name: "only", Scenario: sc}}, Out: t.TempDir(), Soft: soft,
		Start:  func(context.Context, harness.Scenario) (harness.Lab, error) { return lab, nil },
		Driver: func(string) (harness.Driver, error) { return d, nil },
	})
	if err != nil && !errors.Is(err, harness.ErrInterrupted) {
		t.Fatal(err)
	}
	return run.Records[0]
}

const ms = time.Millisecond

func TestFaultsArePlayedByTheDriversClock(t *testing.T) {
	site := harnesstest.NewSite(harnesstest.HonestTracker)
	both := make(chan struct{})
	lab := &disturbedSite{Site: site}
	lab.disturb = func(_ context.Context, f harness.Fault) error {
		if f.Do == harness.FaultStop {
			close(both)
		}
		return nil
	}
	early := harness.Fault{At: 20 * ms, Do: harness.FaultKill, Node: "tracker1"} // over when the first attempt is reported
	late := harness.Fault{At: 200 * ms, Do: harness.FaultStop, Node: "proxy1", For: ms}
	rec := playFaults(t, lab, patientDriver{site, func(context.Context) { <-both }}, t.Context(), late, early)
	if rec.Error != "" || len(rec.Disturbances) != 2 {
		t.Fatalf("error %q, disturbances %+v", rec.Error, rec.Disturbances)
	}
	// Each is played by itself, so on a machine that stalls the late one may begin first.
	least := map[harness.Fault]time.Duration{early: 100 * ms, late: 200 * ms}
	for _, d := range rec.Disturbances {
		if from, awaited := least[d.Fault]; !awaited || d.Began < from || d.Ended < d.Began || d.Began < rec.Disturbances[0].Began {
			t.Errorf("%+v: want each fault once, by time, and not before its own: %v", d, least)
		}
		delete(least, d.Fault)
	}
}

func TestTrialWaitsForAFaultThatHasBegun(t *testing.T) {
	site := harnesstest.NewSite(harnesstest.HonestTracker)
	begun, over := make(chan struct{}), make(chan struct{})
	lab := &disturbedSite{Site: site, disturb: func(ctx context.Context, _ harness.Fault) error {
		close(begun)
		<-over
		return ctx.Err()
	}}
	driver := patientDriver{site, func(context.Context) {
		<-begun
		time.AfterFunc(50*ms, func() { close(over) }) // the driver is done before the fault is
	}}
	rec := playFaults(t, lab, driver, t.Context(), harness.Fault{Do: harness.FaultStop, Node: "tracker1", For: ms})
	if rec.Error != "" || len(rec.Disturbances) != 1 || rec.Disturbances[0].Error != "" {
		t.Errorf("error %q, disturbances %+v", rec.Error, rec.Disturbances)
	}
	if !rec.Settlement.Settled {
		t.Errorf("settlement %+v", rec.Settlement)
	}
}

func TestFaultThatWasNotPlayedLeavesTheTrialUnfinished(t *testing.T) {
	site := harnesstest.NewSite(harnesstest.HonestTracker)
	for _, row := range []struct {
		why, says string
		lab       harness.Lab
		at        time.Duration
	}{
		{"the driver is done first", "fault kill tracker1: not played", &disturbedSite{Site: site}, time.Hour},
		{"the lab cannot", "fault kill tracker1: no such luck", &disturbedSite{Site: site, disturb: func(context.Context, harness.Fault) error {
			return errors.New("no such luck")
		}}, 0},
		{"the lab knows no faults", "the lab cannot play faults", site, 0},
	} {
		driver := patientDriver{site, func(context.Context) {}}
		if d, ok := row.lab.(*disturbedSite); ok && row.at == 0 {
			played := make(chan struct{})
			play := d.disturb
			d.disturb = func(ctx context.Context, f harness.Fault) error { defer close(played); return play(ctx, f) }
			driver.done = func(context.Context) { <-played }
		}
		rec := playFaults(t, row.lab, driver, t.Context(), harness.Fault{At: row.at, Do: harness.FaultKill, Node: "tracker1"})
		if !strings.Contains(rec.Error, row.says) {
			t.Errorf("%s: error %q, want %q", row.why, rec.Error, row.says)
		}
	}
}

func TestInterruptedTrialDoesNotBlameItsFaults(t *testing.T) {
	site := harnesstest.NewSite(harnesstest.HonestTracker)
	soft, interrupt := context.WithCancel(t.Context())
	driver := patientDriver{site, func(ctx context.Context) { interrupt(); <-ctx.Done() }}
	rec := playFaults(t, &disturbedSite{Site: site}, driver, soft, harness.Fault{At: time.Hour, Do: harness.FaultKill, Node: "tracker1"})
	if rec.Error != "" || !rec.Interrupted {
		t.Errorf("error %q, interrupted %v", rec.Error, rec.Interrupted)
	}
}

// after is what keeps a driver until the lab has seen so many faults.
func (s *disturbedSite) after(faults int) func(context.Context) {
	return func(ctx context.Context) {
		for done := false; !done && ctx.Err() == nil; runtime.Gosched() {
			s.mu.Lock()
			done = len(s.played) >= faults
			s.mu.Unlock()
		}
	}
}

// promptDriver is a patientDriver whose attempt takes no time.
type promptDriver struct{ patientDriver }

func (d promptDriver) Drive(ctx context.Context, w harness.Workload, to []harness.Endpoint, report func(harness.Attempt)) (harness.Driven, error) {
	report(harness.Attempt{Outcome: harness.OK, Status: 200})
	d.done(ctx)
	return harness.Driven{Offered: 1}, ctx.Err()
}

func TestFaultsBeforeTheDriverArePlayedInOrder(t *testing.T) {
	lab := &disturbedSite{Site: harnesstest.NewSite(harnesstest.HonestTracker)}
	driving := false
	lab.disturb = func(context.Context, harness.Fault) error {
		if driving {
			t.Error("a fault of before is played while the driver offers")
		}
		return nil
	}
	first := harness.Fault{At: -2 * time.Second, Do: harness.FaultSet, Node: "proxy1", Value: 7}
	second := harness.Fault{At: -time.Second, Do: harness.FaultRename, Node: "proxy1"}
	driver := promptDriver{patientDriver{lab.Site, func(context.Context) {
		driving = true
		if diff := cmp.Diff([]harness.Fault{first, second}, lab.played); diff != "" {
			t.Errorf("played before (-want +got):\n%s", diff)
		}
	}}}
	rec := playFaults(t, lab, driver, t.Context(), second, first)
	if rec.Error != "" || len(rec.Disturbances) != 2 {
		t.Fatalf("error %q, disturbances %+v", rec.Error, rec.Disturbances)
	}
	for i, d := range rec.Disturbances {
		if d.Began >= 0 || d.Ended < d.Began || d.Ended >= 0 || d.Whole < d.Ended || d.Whole >= 0 {
			t.Errorf("disturbance %d: %+v, want it before the driver", i, d)
		}
	}
}

func TestLabIsWholeOnceItHasRecovered(t *testing.T) {
	lab := &disturbedSite{Site: harnesstest.NewSite(harnesstest.HonestTracker)}
	var ended time.Time
	var looks []time.Time
	lab.disturb = func(context.Context, harness.Fault) error { ended = time.Now(); return nil }
	lab.broken = func() error {
		if looks = append(looks, time.Now()); len(looks) < 5 {
			return errors.New("a session is down")
		}
		return nil
	}
	rec := playFaults(t, lab, patientDriver{lab.Site, lab.after(1)}, t.Context(), harness.Fault{Do: harness.FaultReset, Node: "tracker1"})
	most := time.Since(ended)
	if len(rec.Disturbances) != 1 || len(looks) != 5 {
		t.Fatalf("%d looks, disturbances %+v", len(looks), rec.Disturbances)
	}
	least := looks[4].Sub(looks[0])
	if d := rec.Disturbances[0]; d.Whole-d.Ended < least || d.Whole-d.Ended > most {
		t.Errorf("ended at %v, whole at %v, want %v to %v between", d.Ended, d.Whole, least, most)
	}
}

func TestInterruptedTrialWaitsForNoRecovery(t *testing.T) {
	lab := &disturbedSite{Site: harnesstest.NewSite(harnesstest.HonestTracker)}
	lab.broken = func() error { return errors.New("for ever") }
	soft, interrupt := context.WithCancel(t.Context())
	driver := patientDriver{lab.Site, func(ctx context.Context) { lab.after(1)(ctx); interrupt(); <-ctx.Done() }}
	began := time.Now()
	rec := playFaults(t, lab, driver, soft, harness.Fault{Do: harness.FaultReset, Node: "tracker1"})
	if len(rec.Disturbances) != 1 || rec.Disturbances[0].Whole != 0 || time.Since(began) > 10*time.Second {
		t.Errorf("after %v: %+v", time.Since(began), rec.Disturbances)
	}
}

// Chaos may choose a node that is gone, or a time that the driver does not reach.
// What it could have played and failed to is an error as ever.
func TestChaosInVainIsNoError(t *testing.T) {
	for _, row := range []struct {
		why, says string
		err       error
	}{
		{"gone", "", fmt.Errorf("tracker1 %w: killed on purpose", harness.ErrNotThere)},
		{"broken", "no such luck", errors.New("no such luck")},
	} {
		lab := &disturbedSite{Site: harnesstest.NewSite(harnesstest.HonestTracker)}
		lab.disturb = func(context.Context, harness.Fault) error { return row.err }
		sc := harnesstest.Scenario(1)
		sc.Workload.Requests, sc.Workload.Duration = 0, time.Hour
		sc.Chaos = &harness.Chaos{Every: 50 * ms, Faults: []harness.Fault{{Do: harness.FaultReset, Node: "tracker1"}}}
		rec := playScenario(t, sc, lab, patientDriver{lab.Site, lab.after(2)}, t.Context())
		if (rec.Error == "") != (row.says == "") || !strings.Contains(rec.Error, row.says) {
			t.Errorf("%s: error %q, want %q", row.why, rec.Error, row.says)
		}
		if n, want := len(rec.Disturbances), len(sc.Schedule()); n != want || rec.Disturbances[0].Error == "" {
			t.Errorf("%s: %d disturbances of %d, the first: %+v", row.why, n, want, rec.Disturbances[0])
		}
	}
}

func TestDisturbancesSurviveTheDisk(t *testing.T) {
	dir := t.TempDir()
	want := []harness.Disturbance{
		{Fault: harness.Fault{At: time.Second, Do: harness.FaultRestart, Node: "tracker1", After: ms}, Began: time.Second + 1, Ended: time.Second + 2},
		{Fault: harness.Fault{At: 2 * time.Second, Do: harness.FaultStop, Node: "proxy1", For: ms}, Error: "not played"},
	}
	if err := harness.WriteRecord(dir, &harness.Record{Disturbances: want, Ledgers: map[string]harness.Ledger{}}); err != nil {
		t.Fatal(err)
	}
	got, err := harness.ReadRecord(dir)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got.Disturbances); diff != "" {
		t.Error(diff)
	}
}
