package reports

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/haproof/haproof/harness"
)

func TestLimitsAreCountedWithTheReasonOfTheFirst(t *testing.T) {
	trials := []harness.TrialResult{
		{Bottleneck: harness.LimitUnknown, Why: "nothing"},
		{Bottleneck: harness.LimitClient, Means: "shard", Why: "97 %"},
		{Bottleneck: harness.LimitClient, Means: "shard", Why: "99 %"},
		{Bottleneck: harness.LimitClient, Means: "ports", Why: "none left"},
	}
	r := &harness.Result{Cells: []harness.CellResult{{Trials: trials}}}
	want := []row{
		{Cells: []string{"client", "shard", "2 of 4", "97 %"}},
		{Cells: []string{"unknown", dash, "1 of 4", "nothing"}},
		{Cells: []string{"client", "ports", "1 of 4", "none left"}},
	}
	if diff := cmp.Diff(want, limitTable(r).Rows); diff != "" {
		t.Error(diff)
	}
	r.Cells = append(r.Cells, harness.CellResult{Cell: harness.Cell{Name: "other"}, Trials: []harness.TrialResult{{Bottleneck: harness.LimitHost, Why: "full"}}})
	if got := limitTable(r).Rows; len(got) != 4 || !cmp.Equal(got[3].Cells, []string{"other", "host", dash, "1 of 1", "full"}) {
		t.Errorf("with two cells: %v", got)
	}
	if got := limitTable(&harness.Result{Cells: []harness.CellResult{{Trials: []harness.TrialResult{{Bottleneck: harness.LimitHost}}}}}).Rows; len(got) > 0 {
		t.Errorf("without reasons: %v", got)
	}
}
