package main

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/haproof/haproof/harness"
	"github.com/haproof/haproof/harness/matrix"
)

// tableIn reads the table of the only matrix below out.
func (s *stage) tableIn(dir string) matrix.Table {
	s.t.Helper()
	table, err := matrix.Read(filepath.Join(dir, matrix.File))
	if err != nil {
		s.t.Fatal(err)
	}
	return table
}

func TestShortMatrixGivesWhatItsScenariosExpect(t *testing.T) {
	s := newStage(t)
	r := s.start("matrix", "--short", "--engine", s.engine, "--out", s.out)
	r.ends(6*time.Minute, exitPass)
	s.nothingLeft()
	table := s.tableIn(filepath.Join(s.out, latest))
	if len(table.Rows) != 2*len(shortFaults) {
		t.Errorf("got %d rows, want one per style of %d faults", len(table.Rows), len(shortFaults))
	}
	lost := map[harness.KeyStyle]uint64{}
	for _, row := range table.Rows {
		if row.Truth.Sure == 0 || row.Command == "" {
			t.Errorf("got %+v, want a truth, and the command that plays it again", row)
		}
		lost[row.Style] += row.Lost
	}
	if lost[harness.KeysPlain] <= lost[harness.KeysExact] {
		t.Errorf("got losses %v: faults that cost plain keys nothing prove nothing", lost)
	}
}

func TestKilledMatrixGoesOnToTheSameTable(t *testing.T) {
	s := newStage(t)
	r := s.start("matrix", "--only", "^(network-cut|web-500)$", "--engine", s.engine, "--parallel", "2", "--out", s.out)
	r.until("1 of 4")
	r.signal(syscall.SIGKILL)
	r.ends(10*time.Second, -1)
	killAll()
	s.start("clean").ends(60*time.Second, exitPass)
	dir := filepath.Join(s.out, latest)
	kept, err := filepath.Glob(filepath.Join(dir, "*", "*", "1", harness.RecordFile))
	if err != nil || len(kept) == 0 || len(kept) == 4 {
		t.Fatalf("got records %v and %v, want some of four", kept, err)
	}
	before, err := os.ReadFile(kept[0])
	if err != nil {
		t.Fatal(err)
	}
	r = s.start("matrix", "--resume", dir)
	r.ends(120*time.Second, exitPass)
	if after, err := os.ReadFile(kept[0]); err != nil || string(after) != string(before) {
		t.Errorf("%s was played again (%v)", kept[0], err)
	}
	first := s.tableIn(dir)
	s.start("matrix", "--resume", dir).ends(60*time.Second, exitPass)
	if diff := cmp.Diff(first, s.tableIn(dir), cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("table after nothing was left to play (-want +got):\n%s", diff)
	}
	if len(first.Rows) != 4 || !strings.Contains(r.stdout.String(), "4 cells: 4 pass") {
		t.Errorf("got rows %+v and %s, want four that pass", first.Rows, r.stdout.String())
	}
}

func TestFaultThatCannotBePlayedIsARowAndNoPass(t *testing.T) {
	s := newStage(t)
	r := s.start("matrix", "--only", "^web-500$", "--engine", s.engine, "--versions", "1.9", "--out", s.out)
	r.ends(60*time.Second, exitUnknown)
	for _, row := range s.tableIn(filepath.Join(s.out, latest)).Rows {
		if row.Why == "" || row.Verdict != harness.Unknown {
			t.Errorf("got %+v, want unknown with its reason", row)
		}
	}
	if !strings.Contains(r.stdout.String(), "not possible here: ") {
		t.Errorf("got %s, want the reason in the table", r.stdout.String())
	}
}
