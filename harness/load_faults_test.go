package harness

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestFaultsAndStatesDecode(t *testing.T) {
	src := strings.Replace(short, "checks:", `faults:
  - {at: 1s, do: kill, node: backend1}
  - {at: 1500ms, do: stop, node: proxy1, for: 3s}
  - {at: 2s, do: restart, node: backend1, after: 2s}
  - {at: 0s, do: reload, node: proxy1}
checks:`, 1)
	want := []Fault{
		{At: time.Second, Do: FaultKill, Node: "backend1"},
		{At: 1500 * time.Millisecond, Do: FaultStop, Node: "proxy1", For: 3 * time.Second},
		{At: 2 * time.Second, Do: FaultRestart, Node: "backend1", After: 2 * time.Second},
		{Do: FaultReload, Node: "proxy1"},
	}
	if diff := cmp.Diff(want, load(t, src).Faults); diff != "" {
		t.Errorf("faults (-want +got):\n%s", diff)
	}
	for _, state := range trackerStates {
		tracked := strings.Replace(short, "{kind: web}", "{kind: web}\n  tracker: {kind: quota-tracker, state: "+state+"}", 1)
		if got := load(t, tracked).Topology.Tracking(); string(got) != state {
			t.Errorf("state %s is decoded as %s", state, got)
		}
	}
	if got := load(t, short).Topology.Tracking(); got != TrackerOff {
		t.Errorf("without a tracker: %s", got)
	}
}

func TestRepeatedFaultsAndChaosDecode(t *testing.T) {
	src := strings.Replace(short, "checks:", `faults:
  - {at: -2s, do: set, node: proxy1, value: 1000}
  - {at: 1s, do: reload, node: proxy1, every: 500ms, during: 3s}
  - {at: 2s, do: restart, node: proxy1, signal: usr1}
chaos:
  every: 1s
  faults:
    - {do: slow, node: backend1, for: 1s, delay: 200ms}
checks:`, 1)
	got := load(t, src)
	want := []Fault{
		{At: -2 * time.Second, Do: FaultSet, Node: "proxy1", Value: 1000},
		{At: time.Second, Do: FaultReload, Node: "proxy1", Every: 500 * time.Millisecond, During: 3 * time.Second},
		{At: 2 * time.Second, Do: FaultRestart, Node: "proxy1", Signal: "usr1"},
	}
	if diff := cmp.Diff(want, got.Faults); diff != "" {
		t.Errorf("faults (-want +got):\n%s", diff)
	}
	chaos := &Chaos{Every: time.Second, Faults: []Fault{{Do: FaultSlow, Node: "backend1", For: time.Second, Delay: 200 * time.Millisecond}}}
	if diff := cmp.Diff(chaos, got.Chaos); diff != "" {
		t.Errorf("chaos (-want +got):\n%s", diff)
	}
}

// A tracker that is off is compared with one that is up, under the same faults.
func TestFaultOnATierThatIsOffIsAllowed(t *testing.T) {
	src := strings.Replace(short, "{kind: web}", "{kind: web}\n  tracker: {kind: quota-tracker, state: off}", 1)
	src = strings.Replace(src, "checks:", "faults:\n  - {at: 1s, do: kill, node: tracker1}\nchecks:", 1)
	if got := load(t, src).Faults; len(got) != 1 {
		t.Errorf("faults %+v", got)
	}
}

func TestMoreFaultsThanTheLimitAreRefused(t *testing.T) {
	many := "faults:\n" + strings.Repeat("  - {at: 1s, do: kill, node: proxy1}\n", MaxFaults+1) + "checks:"
	_, err := Load("test.yaml", []byte(strings.Replace(short, "checks:", many, 1)), testVocabulary)
	if err == nil || !strings.Contains(err.Error(), "101 faults, more than the limit of 100") {
		t.Errorf("got %v", err)
	}
}
