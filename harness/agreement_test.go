package harness

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// agreeing is three trials by each driver, wire taking 1.5 times as long as vegeta.
func agreeing() *Run {
	run := &Run{Scenario: Scenario{Axes: []Axis{{Path: driverPath, Values: []string{"vegeta", "wire"}}}}}
	for trial := 1; trial <= 3; trial++ {
		for _, driver := range []string{"vegeta", "wire"} {
			took := time.Duration(trial) * 10 * ms
			if driver == "wire" {
				took = took * 3 / 2
			}
			rec := &Record{
				Cell:   Cell{Name: driverPath + "=" + driver, Settings: []Setting{{driverPath, driver}}},
				Driver: driver, Trial: trial,
				Ledgers: map[string]Ledger{WitnessTracker: {"c1": {Sure: 2}}, WitnessClient: {"c1": {Sure: 2}}},
			}
			for k := range uint64(4) {
				at := time.Duration(k) * ms
				rec.Attempts = append(rec.Attempts, Attempt{
					Seq: k, Key: fmt.Sprint("c", k%2), Intended: at, Sent: at + took/10, Done: at + took, Status: 200, Bytes: k, Dynamic: k%2 == 1, Outcome: OK,
				})
			}
			run.Records = append(run.Records, rec)
		}
	}
	wire := run.Records[1].Attempts
	wire[0], wire[3] = wire[3], wire[0] // drivers report in the order of ends
	return run
}

func TestDriversThatSayTheSameAgree(t *testing.T) {
	all := Agreements(agreeing())
	if len(all) != 1 {
		t.Fatalf("got %+v, want one agreement", all)
	}
	got := all[0]
	want := Change{N: 3, Ratio: 1.5, Low: 1.5, High: 1.5, Median: 0.03, Reference: 0.02}
	for name, c := range map[string]Change{"p50": got.Response50, "p99": got.Response99} {
		c.Ratio, c.Low, c.High = rounded(c.Ratio), rounded(c.Low), rounded(c.High)
		c.Median, c.Reference = rounded(c.Median), rounded(c.Reference)
		if diff := cmp.Diff(want, c); diff != "" {
			t.Errorf("response %s: %s", name, diff)
		}
	}
	if rounded(got.Service50.Ratio) != 1.5 || rounded(got.Service99.Median) != 0.027 {
		t.Errorf("service: %+v, %+v", got.Service50, got.Service99)
	}
	got.Response50, got.Response99, got.Service50, got.Service99 = Change{}, Change{}, Change{}, Change{}
	if diff := cmp.Diff(Agreement{Driver: "wire", Against: "vegeta", Trials: 3, Attempts: 12, Charges: 6}, got); diff != "" {
		t.Error(diff)
	}
}

// rounded leaves the third digit behind the point, where histograms are coarser.
func rounded(x float64) float64 { return float64(int(1000*x+0.5)) / 1000 }

func TestWhateverDriversDisagreeOnIsFound(t *testing.T) {
	for _, row := range []struct {
		why   string
		spoil func(wire *Record) // trial 1
		want  Difference
	}{
		{"another customer", func(r *Record) { r.Attempts[1].Key = "c9" },
			Difference{1, "attempt 1", `wire due at 1ms, key "c9", status 200, 1 bytes, TLS false, dynamic true, vegeta due at 1ms, key "c1", status 200, 1 bytes, TLS false, dynamic true`}},
		{"another end", func(r *Record) { r.Attempts[2].Outcome, r.Attempts[2].Cause = Failed, CauseReset },
			Difference{1, "attempt 2", `wire due at 2ms, key "c0", status 200, 2 bytes, TLS false, dynamic false, reset, vegeta due at 2ms, key "c0", status 200, 2 bytes, TLS false, dynamic false`}},
		{"an attempt is missing", func(r *Record) { r.Attempts = r.Attempts[:3] }, Difference{1, "attempt 0", "made by vegeta alone"}},
		{"an attempt too many", func(r *Record) { r.Attempts = append(r.Attempts, Attempt{Seq: 9}) }, Difference{1, "attempt 9", "made by wire alone"}},
		{"a charge too many", func(r *Record) { r.Ledgers[WitnessTracker] = Ledger{"c1": {Sure: 3}} }, Difference{1, "customer c1", "tracker: wire 3, vegeta 2"}},
		{"a charge less sure", func(r *Record) { r.Ledgers[WitnessClient] = Ledger{"c1": {Sure: 2, Unsure: 1}} }, Difference{1, "customer c1", "client: wire 2 to 3, vegeta 2"}},
		{"a customer whom one alone knows", func(r *Record) { r.Ledgers[WitnessTracker] = Ledger{"c1": {Sure: 2}, "c5": {Sure: 1}} }, Difference{1, "customer c5", "tracker: wire 1, vegeta 0"}},
	} {
		run := agreeing()
		row.spoil(run.Records[1])
		if diff := cmp.Diff([]Difference{row.want}, Agreements(run)[0].Different); diff != "" {
			t.Errorf("%s: %s", row.why, diff)
		}
	}
}

func TestWhatCannotBeComparedIsSaid(t *testing.T) {
	for why, row := range map[string]struct {
		spoil func(run *Run)
		want  string
	}{
		"not played":              {func(run *Run) { run.Records = run.Records[:5] }, "wire, trial 3: it was not played"},
		"broke off":               {func(run *Run) { run.Records[5].Error = "no lab" }, "wire, trial 3: it could not be finished: no lab"},
		"interrupted":             {func(run *Run) { run.Records[4].Interrupted = true }, "vegeta, trial 3: it was interrupted"},
		"empty":                   {func(run *Run) { run.Records[4].Attempts = nil }, "vegeta, trial 3: it made no attempt"},
		"other driver":            {func(run *Run) { run.Records[5].Driver = "vegeta" }, "wire, trial 3: it was driven by vegeta"},
		"client in want of ports": {func(run *Run) { run.Records[5].Attempts[1].Cause = CausePorts }, "wire, trial 3: it lost attempt 1 (ports) by the fault of the client or the host"},
		"late client":             {func(run *Run) { run.Records[4].Attempts[2].Cause = CauseShed }, "vegeta, trial 3: it lost attempt 2 (shed) by the fault of the client or the host"},
		"absent tracker":          {func(run *Run) { delete(run.Records[5].Ledgers, WitnessTracker) }, "trial 3: witness tracker did not testify for both drivers"},
	} {
		run := agreeing()
		row.spoil(run)
		if diff := cmp.Diff([]string{row.want}, Agreements(run)[0].Unpaired); diff != "" {
			t.Errorf("%s: %s", why, diff)
		}
	}
	if got := Agreements(&Run{Records: []*Record{{Cell: Cell{Name: "only"}}}}); len(got) > 0 {
		t.Errorf("without an axis of drivers: %+v", got)
	}
	if got := Agreements(&Run{Records: agreeing().Records[1:2]}); len(got) > 0 {
		t.Errorf("with one driver alone: %+v", got)
	}
}
