package main

import (
	"cmp"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/haproof/haproof/harness"
)

// The courses on which liars show, on real servers. An honest tracker passes each.
const (
	undisturbed = `question: Is every customer charged as often as PHP answered?
topology: {proxy: {kind: haproxy, count: 2}, backend: {kind: web}, tracker: {kind: quota-tracker}}
workload: {profile: php, rate: 200/s, requests: 300, customers: 5}
checks: [no-errors, nodes-alive, exactly-once, quota-exact]
`
	reloaded = `question: Is every customer charged as often as PHP answered, across a reload?
topology: {proxy: {kind: haproxy, count: 2}, backend: {kind: web}, tracker: {kind: quota-tracker}}
workload: {profile: php, rate: 100/s, duration: 3s, customers: 5}
faults: [{at: 1s, do: reload, node: proxy1}]
checks: [no-errors, nodes-alive, exactly-once, quota-exact]
`
	// Tracker and proxy are killed between two attempts: what was answered has been
	// acknowledged, and they have seconds to be there again before anybody asks.
	powerCut = `question: Is every customer charged as often as PHP answered, when the power fails?
topology: {proxy: {kind: haproxy}, backend: {kind: web}, tracker: {kind: quota-tracker}}
workload: {profile: php, rate: 0.1/s, requests: 2, customers: 1}
faults: [{at: 1900ms, do: restart, node: tracker1, after: 500ms}, {at: 2s, do: restart, node: proxy1}]
checks: [no-errors, nodes-alive, exactly-once, charged: {exact: lost 0}]
`
	near2to31 = `question: Is every customer charged as often as PHP answered, when counters pass 2^31?
topology: {proxy: {kind: haproxy, keys: plain}, backend: {kind: web}, tracker: {kind: quota-tracker}}
workload: {profile: php, rate: 200/s, requests: 300, customers: 5}
faults: [{at: -1s, do: set, node: proxy1, value: 2147483640}]
checks: [no-errors, nodes-alive, exactly-once, charged: {plain: doubled set}]
`
)

// liars are trackers that break one promise each; the first of a course breaks none.
// What they do is in docs/METHODOLOGY.md. Those that are wrong whatever happens are in
// TestEveryLieOfATrackerNamesWrongCustomers.
var liars = []struct {
	course, scenario string
	lie              string // none for the honest one
	says             string // in a finding of the scenario's last check
}{
	{"nothing", undisturbed, "", ""},
	{"nothing", undisturbed, "truncate", "c000: client 0, "},
	{"nothing", undisturbed, "collision", "tracker 0 ("},
	{"reload", reloaded, "", ""},
	{"reload", reloaded, "reconnect", "too many)"},
	{"reload", reloaded, "resync", "too many)"},
	{"reload", reloaded, "generation", "too few)"},
	{"power cut", powerCut, "", ""},
	{"power cut", powerCut, "hasty", "tracker counts 1 of 2 dynamic answers, 1 lost"},
	{"counter near 2^31", near2to31, "", ""},
	{"counter near 2^31", near2to31, "signed", "tracker counts 2,147,483,64"},
}

func TestEveryLiarIsCaughtOnRealServers(t *testing.T) {
	for _, row := range liars {
		t.Run(cmp.Or(row.lie, "nobody")+" on "+row.course, func(t *testing.T) {
			s := newStage(t)
			path := s.file("liar.yaml", row.scenario)
			if row.lie == "" {
				s.run(path).ends(60*time.Second, exitPass)
				s.nothingLeft()
				return
			}
			s.run(path,
				"--set", "topology.tracker.binary="+filepath.Join(binDir, "lyingtracker"),
				"--set", "topology.tracker.args=[-lie, "+row.lie+"]",
			).ends(60*time.Second, exitFail)
			s.nothingLeft()
			verdicts := s.result().Verdicts
			onlyTheLastFails(t, verdicts)
			if last := verdicts[len(verdicts)-1]; !finds(last, row.says) {
				t.Errorf("%s: got %+v, want %q in a finding", last.Check, last.Findings, row.says)
			}
		})
	}
}

// onlyTheLastFails demands that nobody is blamed but who lied.
func onlyTheLastFails(t *testing.T, verdicts []harness.Verdict) {
	t.Helper()
	var got, want []string
	for i, v := range verdicts {
		got = append(got, v.Check+" "+v.Status.String())
		status := harness.Pass
		if i == len(verdicts)-1 {
			status = harness.Fail
		}
		want = append(want, v.Check+" "+status.String())
	}
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Errorf("verdicts (-want +got):\n%s", diff)
	}
}

// finds says whether a finding of the verdict has the words.
func finds(v harness.Verdict, words string) bool {
	return slices.ContainsFunc(v.Findings, func(f harness.Finding) bool {
		return strings.Contains(f.Subject+": "+f.Text, words)
	})
}
