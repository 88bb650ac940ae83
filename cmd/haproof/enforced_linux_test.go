package main

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/haproof/haproof/harness"
)

// shortEnforced is the shipped quota-enforced made short, with two seconds for what takes
// a few milliseconds: machines are busy. The tracker is away for longer than denials last
// and those together.
const shortEnforced = `question: Do limits hold, and is everybody served without the tracker?
topology:
  proxy:   {kind: haproxy, count: 2}
  backend: {kind: web}
  tracker: {kind: quota-tracker, limits: {customers: 3, total: 30, expire: 3s}}
workload: {profile: dynamic, rate: 200/s, duration: 21s, customers: 6}
faults: [{at: 5s, do: restart, node: tracker1, after: 8s}]
checks: [no-errors, nodes-alive, exactly-once, quota-exact, enforced: {within: 2s}]
`

func TestLimitsHoldWithTheTrackerAndOnlyWithIt(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *stage) {
		s.run(s.file("enforced.yaml", shortEnforced)).ends(120*time.Second, exitPass)
		s.nothingLeft()
		result := s.result()
		fiveWitnesses(t, result)
		causes := result.Cells[0].Trials[0].Summary.Causes
		if n := causes[harness.CauseDenied]; n == 0 || len(causes) != 1 {
			t.Errorf("got causes %v, want denied attempts and no other", causes)
		}
		last := result.Verdicts[len(result.Verdicts)-1]
		for _, part := range []string{"3 of 3 limited customers used up 30 and were denied", "without the tracker everybody was served, until it was back"} {
			if last.Check != "enforced" || !strings.Contains(last.Sentence, part) {
				t.Errorf("got %s: %s, want %q in it", last.Check, last.Sentence, part)
			}
		}
	})
}

func TestTrackerThatOverchargesDeniesTooEarly(t *testing.T) {
	s := newStageOn(t, "process")
	untroubled := strings.Replace(shortEnforced, "faults: [{at: 5s, do: restart, node: tracker1, after: 8s}]\n", "", 1)
	s.run(s.file("liar.yaml", untroubled),
		"--set", "workload.duration=5s",
		"--set", "topology.tracker.binary="+filepath.Join(binDir, "lyingtracker"),
		"--set", "topology.tracker.args=[-lie, absolute]",
	).ends(60*time.Second, exitFail)
	s.nothingLeft()
	for _, v := range s.result().Verdicts {
		if wrong := v.Status == harness.Fail; wrong != (v.Check == "quota-exact" || v.Check == "enforced") {
			t.Errorf("%s: got %s %q, want enforced and quota-exact to fail", v.Check, v.Status, v.Sentence)
		}
		if v.Check == "enforced" && !strings.Contains(v.Sentence, "denied before the limit was used up") {
			t.Errorf("got %q", v.Sentence)
		}
	}
}
