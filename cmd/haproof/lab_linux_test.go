package main

import (
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/haproof/haproof/harness"
	"github.com/haproof/haproof/reports"
)

func TestRunLeavesReportsThatCanBeMadeAgain(t *testing.T) {
	s := newStage(t)
	r := s.run(s.scenario("rate: 200/s, requests: 400"))
	r.ends(60*time.Second, exitPass)
	s.nothingLeft()
	dir := filepath.Join(s.out, latest)
	for _, file := range []string{"result.json", "index.html", "summary.txt", "junit.xml"} {
		if info, err := os.Stat(filepath.Join(dir, file)); err != nil || info.Size() == 0 {
			t.Errorf("%s: got %v, want a file that says something", file, err)
		}
	}
	if !strings.Contains(r.stdout.String(), "index.html") || strings.Contains(r.stdout.String(), "level=INFO") {
		t.Errorf("got stdout %q, want the report and where the page is, and no log", r.stdout.String())
	}
	before, err := reports.Load(filepath.Join(dir, "result.json"))
	if err != nil {
		t.Fatal(err)
	}
	if got := before.Environment.Command; !strings.HasPrefix(got, "haproof run --engine process ") {
		t.Errorf("got command %q, want the one that reproduces the run", got)
	}
	for _, again := range []struct{ command, without string }{
		{"check", "index.html"}, {"check", "result.json"}, {"report", "index.html"},
	} {
		if err := os.Remove(filepath.Join(dir, again.without)); err != nil {
			t.Fatal(err)
		}
		s.start(again.command, dir).ends(60*time.Second, exitPass)
		if _, err := os.Stat(filepath.Join(dir, "index.html")); err != nil {
			t.Errorf("%v: %v, want the page again", again, err)
		}
		after, err := reports.Load(filepath.Join(dir, "result.json"))
		if err != nil || after.Run != before.Run || after.Status != before.Status || after.Sentence != before.Sentence {
			t.Errorf("%v: got %+v and %v, want the result as it was", again, after, err)
		}
	}
}

func TestLyingTrackerFailsTheRunThatIsInTheIndexOfBoth(t *testing.T) {
	s := newStage(t)
	path := s.scenario("rate: 200/s, requests: 400")
	liar := "topology.tracker.binary=" + filepath.Join(binDir, "lyingtracker")
	r := s.run(path, path, "--set", liar, "--set", `topology.tracker.args=[-lie, static]`)
	r.ends(60*time.Second, exitFail)
	s.nothingLeft()
	runs, err := filepath.Glob(filepath.Join(s.out, latest, "*-short*", "result.json"))
	if err != nil || len(runs) != 2 {
		t.Fatalf("got %v and %v, want the results of two runs", runs, err)
	}
	for _, path := range runs {
		result, err := reports.Load(path)
		if err != nil || result.Status != harness.Fail || result.Run != filepath.Base(filepath.Dir(path)) {
			t.Errorf("%s: got %+v and %v, want a failed run of this name", path, result, err)
		}
	}
	if _, err := os.Stat(filepath.Join(s.out, latest, "index.html")); err != nil {
		t.Errorf("got %v, want an index of both", err)
	}
}

func TestInterruptKeepsThePartialRecord(t *testing.T) {
	for _, sent := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP} {
		t.Run(sent.String(), func(t *testing.T) {
			if signal.Ignored(sent) {
				t.Skip("started with this signal ignored, as nohup does, and a run inherits that")
			}
			s := newStage(t)
			r := s.run(s.scenario("rate: 100/s, duration: 60s"))
			r.until("driving")
			r.untilServed()
			r.signal(sent)
			r.ends(30*time.Second, exitInterrupted)
			s.nothingLeft()
			s.partialRecord()
		})
	}
}

func TestSecondInterruptEndsAtOnce(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *stage) {
		r := s.run(s.scenario("rate: 10/s, duration: 60s, dynamic: 1, work: 10s, timeout: 60s"))
		r.until("driving")
		r.untilUnderWay(10) // of 10 s of CPU time each: they take a minute to drain
		r.signal(syscall.SIGINT)
		r.until("stopping: what is under way is drained")
		r.signal(syscall.SIGINT)
		r.ends(25*time.Second, exitInterrupted)
		s.nothingLeft()
	})
}

func TestInterruptBeforeDrivingLeavesNothing(t *testing.T) {
	s := newStage(t)
	r := s.run(s.scenario("rate: 2/s, duration: 60s"))
	r.until("starting")
	r.signal(syscall.SIGINT)
	r.ends(30*time.Second, exitInterrupted)
	s.nothingLeft()
}

func TestCleanRemovesWhatAKilledRunLeft(t *testing.T) {
	s := newStage(t)
	r := s.run(s.scenario("rate: 100/s, duration: 60s"))
	r.until("driving")
	r.signal(syscall.SIGKILL)
	r.ends(10*time.Second, -1)
	if len(s.labs()) != 1 || len(children()) == 0 {
		t.Fatalf("labs %v and processes %v outlived the run: the test proves nothing", s.labs(), children())
	}
	s.start("clean").ends(30*time.Second, exitPass)
	s.nothingLeft()
}
