package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// smallDisk makes out a disk of its own.
func (s *stage) smallDisk(size string) {
	s.t.Helper()
	if err := os.Mkdir(s.out, 0o755); err != nil {
		s.t.Fatal(err)
	}
	if err := syscall.Mount("tmpfs", s.out, "tmpfs", 0, "size="+size); err != nil {
		if os.Getenv("CI") == "true" {
			s.t.Fatal("mount a small disk: ", err)
		}
		s.t.Skip("only root can mount a small disk: ", err)
	}
	s.t.Cleanup(func() {
		if err := syscall.Unmount(s.out, 0); err != nil {
			s.t.Error(err)
		}
	})
}

// said demands an end with code 3, texts on stderr, and that nothing is left but
// what the test itself put into out.
func (r *running) said(texts ...string) {
	r.t.Helper()
	r.ends(60*time.Second, exitCannot)
	r.nothingLeft()
	for _, text := range texts {
		if !strings.Contains(r.stderr.String(), text) {
			r.t.Errorf("got stderr:\n%s\nwant %q in it", r.stderr.String(), text)
		}
	}
	if results, err := filepath.Glob(filepath.Join(r.out, "*", "result.json")); err != nil || len(results) > 0 {
		r.t.Errorf("got %v and %v, want no verdict without a record", results, err)
	}
	if r.stdout.Len() > 0 {
		r.t.Errorf("got stdout %q, want none", r.stdout.String())
	}
}

func TestFullDiskIsSaidBeforeAnythingStarts(t *testing.T) {
	s := newStage(t)
	s.smallDisk("512k")
	r := s.run("quota-exact")
	r.said("cannot write to --out "+s.out, "no space left on device")
	if strings.Contains(r.stderr.String(), "engine") {
		t.Errorf("got stderr %q, want no engine to be chosen yet", r.stderr.String())
	}
	if left, err := os.ReadDir(s.out); err != nil || len(left) > 0 {
		t.Errorf("left %v and %v on the full disk", left, err)
	}
}

func TestDiskThatFillsUpDuringTheRunGivesNoVerdict(t *testing.T) {
	s := newStage(t)
	s.smallDisk("2m")
	r := s.run(s.scenario("rate: 200/s, requests: 400"))
	r.until("driving")
	if err := os.WriteFile(filepath.Join(s.out, "fill"), make([]byte, 4<<20), 0o600); err == nil {
		t.Fatal("4 MB fit on a disk of 2 MB: the test proves nothing")
	}
	r.said("write record "+s.out, "record.ndjson", "no space left on device")
	if left, err := os.ReadDir(s.out); err != nil || len(left) != 1 {
		t.Errorf("left %v and %v, want nothing but what filled the disk", left, err)
	}
}

func TestDirectoryThatIsTakenAwayDuringTheRunGivesNoVerdict(t *testing.T) {
	s := newStage(t)
	r := s.run(s.scenario("rate: 200/s, requests: 400"))
	r.until("driving")
	runs, err := filepath.Glob(filepath.Join(s.out, "2*"))
	if err != nil || len(runs) != 1 {
		t.Fatalf("got runs %v and %v, want one", runs, err)
	}
	if err := os.Remove(runs[0]); err != nil { // empty until a trial has ended
		t.Fatal(err)
	}
	if err := os.WriteFile(runs[0], nil, 0o600); err != nil {
		t.Fatal(err)
	}
	r.said("write record: ", "not a directory")
}

func TestConfigurationThatHAProxyRefusesIsReportedInItsWords(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *stage) {
		r := s.run("quota-exact", "--set", "topology.proxy.args=[-f, /nowhere/more.cfg]")
		r.said("died while starting", "[ALERT]", "Cannot open configuration file/directory /nowhere/more.cfg")
		if runs, err := filepath.Glob(filepath.Join(s.out, "*")); err != nil || len(runs) > 0 {
			t.Errorf("got %v and %v in out, want nothing", runs, err)
		}
	})
}

func TestRunOutlivesWhoeverReadsItsOutput(t *testing.T) {
	s := newStage(t)
	cmd := exec.Command(filepath.Join(binDir, "haproof"), "run", "--engine", "process", "--out", s.out, s.scenario("rate: 200/s, requests: 400"))
	cmd.Env = append(os.Environ(), "TMPDIR="+s.tmp)
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdout, cmd.Stderr = writer, writer
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	_, err = reader.Read(make([]byte, 1)) // it is under way
	if err := cmd.Process.Signal(syscall.Signal(0)); err != nil {
		t.Errorf("it ended early: %v", err)
	}
	for _, end := range []*os.File{reader, writer} {
		if err := end.Close(); err != nil {
			t.Error(err)
		}
	}
	if waitErr := cmd.Wait(); err != nil || waitErr != nil {
		t.Errorf("got %v and %v, want a run that passes", err, waitErr)
	}
	s.nothingLeft()
	if result := s.result(); result.Cells[0].Trials[0].Summary.OK != 400 {
		t.Errorf("got %s, want all 400 attempts", result.Sentence)
	}
}
