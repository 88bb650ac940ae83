package matrix_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/haproof/haproof/harness"
	"github.com/haproof/haproof/harness/matrix"
)

// tableOf has a row that passes, one that fails and one that was not played.
func tableOf() matrix.Table {
	failing := trial(9, 0)
	failing.Verdicts[1] = harness.Verdict{Check: "charged", Status: harness.Fail, Sentence: "lost 9"}
	fails, passes := run.Rows(resultOf(failing))[0], run.Rows(resultOf(trial(0, 0)))[0]
	passes.Fault = "counter-wrap"
	skipped := run.Row(cellOf("exact"), harness.Scenario{Name: "tracker-disk-full"}, "process").NotPlayed("needs root")
	table := matrix.Table{Schema: matrix.Schema, Plan: matrix.Plan{Versions: []string{"2.6"}}, Rows: []matrix.Row{skipped, fails, passes}}
	table.Sort()
	return table
}

func TestTableSaysWhatFailedAndHowToPlayItAgain(t *testing.T) {
	var text strings.Builder
	if err := tableOf().Text(&text); err != nil {
		t.Fatal(err)
	}
	want := `FAULT              KEYS   HAPROXY  TRUTH     LOST  DOUBLED  EXPECTED                     RECOVERY  CONVERGENCE  VERDICT
counter-wrap       plain  2.6.12   100..102  0     0        lost 0..stopping, doubled 0  2s        100ms        pass
reload-once        plain  2.6.12   100..102  9     0        lost 0..stopping, doubled 0  2s        100ms        fail
tracker-disk-full  exact  2.6                                                                                   not possible here: needs root

3 cells: 1 pass, 1 fail, 1 unknown

reload-once plain 2.6: charged: lost 9
  play proxy.keys=plain
`
	if diff := cmp.Diff(want, text.String()); diff != "" {
		t.Errorf("table (-want +got):\n%s", diff)
	}
}

func TestTableIsReadAsItWasWritten(t *testing.T) {
	path := filepath.Join(t.TempDir(), matrix.File)
	if err := matrix.Write(path, tableOf()); err != nil {
		t.Fatal(err)
	}
	got, err := matrix.Read(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(tableOf(), got); diff != "" {
		t.Errorf("table (-want +got):\n%s", diff)
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(path), ".*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestTableOfAnotherSchemaIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), matrix.File)
	if err := os.WriteFile(path, []byte(`{"schema": 99}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if got, err := matrix.Read(path); err == nil {
		t.Errorf("got %+v, want an error", got)
	}
}
