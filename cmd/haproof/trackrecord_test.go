package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/haproof/haproof/harness"
	"github.com/haproof/haproof/harness/matrix"
	"github.com/haproof/haproof/scenarios"
)

const (
	trackRecordPage = "../../docs/TRACKRECORD.md"
	trackRecordRows = "../../docs/trackrecord"
)

func TestTrackRecordIsWhatItsRowsSay(t *testing.T) {
	record, err := readTrackRecord(trackRecordRows)
	if err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile(trackRecordPage)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(record.Markdown(shippedIn(scenarios.Faults)), string(page)); diff != "" {
		t.Errorf("written by haproof trackrecord -o docs/TRACKRECORD.md, from the rows alone (-want +got):\n%s", diff)
	}
}

func TestTrackRecordIsOfTheScenariosAsTheyAre(t *testing.T) {
	record, err := readTrackRecord(trackRecordRows)
	if err != nil {
		t.Fatal(err)
	}
	rows := 0
	for _, table := range record {
		for _, row := range table.Rows {
			rows++
			q, err := load(row.Fault, nil)
			if err != nil {
				t.Errorf("HAProxy %s: %v: enter the matrix again", row.Version, err)
				continue
			}
			if q.fingerprint != row.Scenario {
				t.Errorf("%s has changed since HAProxy %s was measured: haproof matrix --versions %[2]s --only '^%[1]s$'", row.Fault, row.Version)
			}
		}
	}
	if rows == 0 {
		t.Error("there is no row: nothing was measured")
	}
}

func TestMatrixIsEnteredAndReadAgain(t *testing.T) {
	dir, page := t.TempDir(), filepath.Join(t.TempDir(), "RECORD.md")
	row := matrix.Row{Fault: "reload-once", Style: harness.KeysExact, Version: "2.6", Trials: 1, Verdict: harness.Pass}
	table := matrix.Table{Plan: matrix.Plan{Engine: "process", Versions: []string{"2.6"}}, Rows: []matrix.Row{row}}
	if err := matrix.Write(filepath.Join(dir, matrix.File), table); err != nil {
		t.Fatal(err)
	}
	if got := haproof(t, "trackrecord", dir, "-o", page); got.code != exitPass {
		t.Fatalf("got code %d and %s", got.code, got.stderr)
	}
	first, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	if got := haproof(t, "trackrecord", "-o", page); got.code != exitPass {
		t.Fatalf("got code %d and %s", got.code, got.stderr)
	}
	again, err := os.ReadFile(page)
	if diff := cmp.Diff(string(first), string(again)); diff != "" || err != nil {
		t.Errorf("%v: written from its rows alone (-want +got):\n%s", err, diff)
	}
	record, err := readTrackRecord(filepath.Join(filepath.Dir(page), "trackrecord"))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]matrix.Row{row}, record[0].Rows); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
}
