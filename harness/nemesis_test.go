package harness_test

import (
	"context"
	"errors"
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

	mu     sync.Mutex
	played []harness.Fault
}

var _ harness.Disturber = (*disturbedSite)(nil)

func (s *disturbedSite) Disturb(ctx context.Context, f harness.Fault) error {
	s.mu.Lock()
	s.played = append(s.played, f)
	s.mu.Unlock()
	if s.disturb == nil {
		return nil
	}
	return s.disturb(ctx, f)
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
	if diff := cmp.Diff([]harness.Fault{early, late}, []harness.Fault{rec.Disturbances[0].Fault, rec.Disturbances[1].Fault}); diff != "" {
		t.Errorf("faults by time (-want +got):\n%s", diff)
	}
	for i, least := range []time.Duration{100 * ms, 200 * ms} {
		if d := rec.Disturbances[i]; d.Began < least || d.Ended < d.Began {
			t.Errorf("fault %d began at %v and ended at %v, want not before %v", i, d.Began, d.Ended, least)
		}
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
