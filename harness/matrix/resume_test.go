package matrix_test

import (
	"testing"

	"github.com/haproof/haproof/harness"
	"github.com/haproof/haproof/harness/matrix"
)

func TestRecordStandsForItsCellUntilWhatIsPlayedChanges(t *testing.T) {
	for name, tc := range map[string]struct {
		change func(rec *harness.Record, cell *harness.Cell)
		want   bool
	}{
		"nothing has changed":               {func(*harness.Record, *harness.Cell) {}, true},
		"checks only judge":                 {func(_ *harness.Record, c *harness.Cell) { c.Scenario.Checks = []harness.CheckSpec{{Name: "charged"}} }, true},
		"another workload is another trial": {func(_ *harness.Record, c *harness.Cell) { c.Scenario.Workload.Seed = 2 }, false},
		"another fault is another trial":    {func(_ *harness.Record, c *harness.Cell) { c.Scenario.Faults = []harness.Fault{{Do: "kill"}} }, false},
		"an interrupted trial has no end":   {func(r *harness.Record, _ *harness.Cell) { r.Interrupted = true }, false},
		"neither has one that broke off":    {func(r *harness.Record, _ *harness.Cell) { r.Error = "no lab" }, false},
	} {
		rec, cell := &harness.Record{Cell: cellOf("plain")}, cellOf("plain")
		tc.change(rec, &cell)
		if got := matrix.Stands(rec, cell); got != tc.want {
			t.Errorf("%s: got %v, want %v", name, got, tc.want)
		}
	}
}
