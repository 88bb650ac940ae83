package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/haproof/haproof/harness"
)

// The shipped quota-exact, made small, and smaller still.
var (
	small = []string{"--set", "workload.requests=6000", "--set", "workload.rate=1500/s"}
	tiny  = []string{"--set", "workload.requests=900", "--set", "workload.rate=900/s", "--set", "topology.backend.count=1"}
)

// fiveWitnesses demands that all witnesses testified and agree with the client
// on every customer.
func fiveWitnesses(t *testing.T, result *harness.Result) {
	t.Helper()
	trial := result.Cells[0].Trials[0]
	total := trial.Counts[harness.WitnessClient]
	if total.Sure == 0 || total.Unsure > 0 || len(trial.Absent) > 0 {
		t.Fatalf("got total %+v and absent %v, want some sure counts and nobody absent", total, trial.Absent)
	}
	agreed := func(tally harness.Tally) map[string]harness.Tally {
		return map[string]harness.Tally{
			harness.WitnessClient: tally, harness.WitnessOrigin: tally, harness.WitnessStickTable: tally,
			harness.WitnessProxyLog: tally, harness.WitnessTracker: tally,
		}
	}
	if diff := cmp.Diff(agreed(total), trial.Counts); diff != "" {
		t.Errorf("totals (-want +got):\n%s", diff)
	}
	var sum uint64
	for customer, tallies := range trial.Customers {
		if diff := cmp.Diff(agreed(tallies[harness.WitnessClient]), tallies); diff != "" {
			t.Errorf("%s (-want +got):\n%s", customer, diff)
		}
		sum += tallies[harness.WitnessTracker].Sure
	}
	if sum != total.Sure {
		t.Errorf("customers sum up to %d, the total is %d", sum, total.Sure)
	}
}

func TestFiveWitnessesAgreeOnTheShippedScenario(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *stage) {
		s.run("quota-exact", small...).ends(120*time.Second, exitPass)
		s.nothingLeft()
		result := s.result()
		if result.Status != harness.Pass || result.Environment.Engine != s.engine || result.Cells[0].Trials[0].Summary.OK != 6000 {
			t.Errorf("got %s on %s, want 6000 attempts to pass", result.Sentence, result.Environment.Engine)
		}
		fiveWitnesses(t, result)
	})
}

func TestEveryLieOfATrackerNamesWrongCustomers(t *testing.T) {
	for _, tc := range []struct{ engine, lie, sign string }{
		{"process", "lose-1-in-10000", "too few"},
		{"process", "absolute", "too many"},
		{"process", "static", "too many"},
		{"docker", "lose-1-in-10000", "too few"},
	} {
		t.Run(tc.engine+"/"+tc.lie, func(t *testing.T) {
			s := newStageOn(t, tc.engine)
			r := s.run("quota-exact", slices.Concat(tiny, []string{
				"--set", "topology.tracker.binary=" + filepath.Join(binDir, "lyingtracker"),
				"--set", "topology.tracker.args=[-lie, " + tc.lie + "]",
			})...)
			r.ends(120*time.Second, exitFail)
			s.nothingLeft()
			for _, want := range []string{"FAIL", "- c0000: client ", tc.sign} {
				if !strings.Contains(r.stdout.String(), want) {
					t.Errorf("got stdout:\n%s\nwant %q in it", r.stdout.String(), want)
				}
			}
			for _, v := range s.result().Verdicts {
				if wrong := v.Status == harness.Fail; wrong != (v.Check == "quota-exact") {
					t.Errorf("%s: got %s, want quota-exact alone to fail", v.Check, v.Status)
				}
			}
		})
	}
}

// shortSearch has two backends at most and as few stairs as make a search.
const shortSearch = `question: Does a second backend buy throughput?
topology: {proxy: {kind: haproxy}, backend: {kind: web, cpus: 0.3}}
workload:
  profile: php
  customers: 5
  work: 50us
  connections: 16
  search: {objective: {quantile: 0.95, latency: 5s, achieved: 0.3}, probe: 2s, step: 500ms, from: 0.5, to: 1, stairs: 2}
axes:
  topology.backend.count: [1, 2]
  workload.route: [proxy, direct]
trials: 1
checks: [nodes-alive, cpu-limits, scales-with-backends: {efficiency: 0.1}]
`

func TestShortSearchGivesTwoCurvesAndTheirPlots(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *stage) {
		r := s.run(s.file("search.yaml", shortSearch))
		select {
		case <-r.ended:
		case <-time.After(120 * time.Second):
		}
		if code := r.cmd.ProcessState.ExitCode(); code != exitUnknown { // few trials need not tell, but must not fail
			r.ends(time.Second, exitPass)
		}
		s.nothingLeft()
		curves := s.result().Curves
		if len(curves) != 2 {
			t.Fatalf("got curves %+v, want one of each route", curves)
		}
		for _, curve := range curves {
			if len(curve.Points) != 2 || curve.Points[0].X != 1 || curve.Points[1].X != 2 {
				t.Errorf("%s: got points %+v, want one and two backends", curve.Name, curve.Points)
			}
			for _, p := range curve.Points {
				if p.N < 1 || p.Median <= 0 || p.Low > p.Median || p.High < p.Median {
					t.Errorf("%s: got %+v, want a positive median within its interval", curve.Name, p)
				}
			}
		}
		wantPlots(t, filepath.Join(s.out, latest, "plots"))
	})
}

// wantPlots demands the plot of throughput, and no plot that is empty.
func wantPlots(t *testing.T, dir string) {
	t.Helper()
	plots, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	begins := map[string]string{".svg": "<svg", ".png": "\x89PNG"}
	seen := map[string]bool{}
	for _, plot := range plots {
		text, err := os.ReadFile(filepath.Join(dir, plot.Name()))
		if err != nil || !strings.Contains(string(text[:min(len(text), 200)]), begins[filepath.Ext(plot.Name())]) {
			t.Errorf("%s: %v; it has %d bytes and does not look like its name", plot.Name(), err, len(text))
		}
		seen[plot.Name()] = true
	}
	if !seen["throughput.svg"] || !seen["throughput.png"] {
		t.Errorf("got plots %v, want throughput in both formats", seen)
	}
}

func TestEveryVersionOfHAProxyCountsExactly(t *testing.T) {
	for _, version := range []string{"2.6", "3.0", "3.2", "3.4"} {
		t.Run(version, func(t *testing.T) {
			s := newStageOn(t, "docker")
			s.run("quota-exact", slices.Concat(tiny, []string{"--haproxy", version})...).ends(10*time.Minute, exitPass) // it may build the image
			result := s.result()
			fiveWitnesses(t, result)
			proxies := 0
			for _, n := range result.Cells[0].Trials[0].Nodes {
				if n.Kind != "haproxy" {
					continue
				}
				proxies++
				if !strings.HasPrefix(n.Version, version+".") {
					t.Errorf("%s says version %s, want %s", n.Name, n.Version, version)
				}
			}
			if proxies != 2 {
				t.Errorf("got %d proxies, want 2", proxies)
			}
		})
	}
}

func TestInterruptedContainersLeaveAPartialRecordAndNothingElse(t *testing.T) {
	s := newStageOn(t, "docker")
	r := s.run(s.scenario("rate: 100/s, duration: 60s"))
	r.until("driving")
	r.untilServed()
	r.signal(syscall.SIGINT)
	r.ends(60*time.Second, exitInterrupted)
	s.nothingLeft()
	s.partialRecord()
}

func TestCleanRemovesContainersOfAKilledRun(t *testing.T) {
	s := newStageOn(t, "docker")
	r := s.run(s.scenario("rate: 100/s, duration: 60s"))
	r.until("driving")
	r.signal(syscall.SIGKILL)
	r.ends(10*time.Second, -1)
	if left := s.inDocker(); len(left) != 4 || len(s.labs()) != 1 { // three nodes and a network
		t.Fatalf("labs %v with %v outlived the run: the test proves nothing", s.labs(), left)
	}
	s.start("clean").ends(60*time.Second, exitPass)
	s.nothingLeft()
}
