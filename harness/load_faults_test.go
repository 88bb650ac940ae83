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

func TestMoreFaultsThanTheLimitAreRefused(t *testing.T) {
	many := "faults:\n" + strings.Repeat("  - {at: 1s, do: kill, node: proxy1}\n", MaxFaults+1) + "checks:"
	_, err := Load("test.yaml", []byte(strings.Replace(short, "checks:", many, 1)), testVocabulary)
	if err == nil || !strings.Contains(err.Error(), "101 faults, more than the limit of 100") {
		t.Errorf("got %v", err)
	}
}
