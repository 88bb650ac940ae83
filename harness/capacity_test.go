package harness_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/haproof/haproof/harness"
)

// probingStage is a stage whose driver can look for the capacity.
type probingStage struct {
	*stage
	says error
}

func (p probingStage) Probe(_ context.Context, _ harness.Workload, to []harness.Endpoint, length time.Duration) (harness.Capacity, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.log = append(p.log, "probe "+to[0].Node+" "+length.String())
	return harness.Capacity{RPS: 1000, Attempts: 20, Errors: 1}, p.says
}

// probing is the plan of two cells whose workload asks for a probe.
func (s *stage) probing(t *testing.T, driver harness.Driver) harness.Plan {
	t.Helper()
	p := s.plan(t, 2, "a", "b")
	p.Scenario.Workload.Probe = time.Second
	for i := range p.Cells {
		p.Cells[i].Scenario.Workload.Probe = time.Second
		p.Cells[i].Scenario.Workload.Customers += i // a lab of its own
	}
	p.Driver = func(string) (harness.Driver, error) { return driver, nil }
	return p
}

func TestProbedTrialsKeepTheirLabsAndTheirCapacity(t *testing.T) {
	s := &stage{}
	run, err := harness.Play(t.Context(), s.probing(t, probingStage{stage: s}))
	if err != nil || len(run.Records) != 4 {
		t.Fatalf("%d records, %v", len(run.Records), err)
	}
	for _, rec := range run.Records {
		if diff := cmp.Diff(&harness.Capacity{RPS: 1000, Attempts: 20, Errors: 1}, rec.Capacity); diff != "" || len(rec.Attempts) != 100 {
			t.Errorf("%d attempts, capacity (-want +got):\n%s", len(rec.Attempts), diff)
		}
		if rec.Settlement.Settled || len(rec.Ledgers) != 1 {
			t.Errorf("settled %v and %d ledgers in a lab that is shared", rec.Settlement.Settled, len(rec.Ledgers))
		}
	}
	starts := slices.DeleteFunc(slices.Clone(s.log), func(l string) bool { return !strings.HasPrefix(l, "start") })
	if s.open != 0 || s.most != 2 || len(starts) != 2 {
		t.Errorf("%d labs open, %d at a time: %q", s.open, s.most, s.log)
	}
}

func TestTrialWhoseProbeFailsIsUnfinished(t *testing.T) {
	for _, row := range []struct {
		why, says string
		driver    func(s *stage) harness.Driver
	}{
		{"no capacity", "not one answer", func(s *stage) harness.Driver { return probingStage{s, errors.New("not one answer")} }},
		{"a driver that cannot", "driver staged cannot look for the capacity", func(s *stage) harness.Driver { return s }},
	} {
		s := &stage{}
		run, err := harness.Play(t.Context(), s.probing(t, row.driver(s)))
		if err != nil {
			t.Fatal(err)
		}
		if rec := run.Records[0]; !strings.Contains(rec.Error, row.says) || len(rec.Attempts) > 0 {
			t.Errorf("%s: error %q, %d attempts", row.why, rec.Error, len(rec.Attempts))
		}
	}
}
