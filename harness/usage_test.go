package harness

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestUsageIsADifferenceOrUnknown(t *testing.T) {
	before := []Usage{
		{Node: "steady", CPU: 5 * ms, Throttled: 2, Periods: 10},
		{Node: "gone", CPU: 5 * ms},
		{Node: "unread", CPU: 5 * ms, Throttled: 2, Periods: 10},
		{Node: "began anew", CPU: 5 * ms, Throttled: 2, Periods: 10},
		{Node: "unread at first", Unknown: "no cgroup"},
	}
	after := []Usage{
		{Node: "steady", CPU: 8 * ms, Throttled: 3, Periods: 30},
		{Node: "unread", Unknown: "process ended"},
		{Node: "began anew", CPU: 6 * ms, Throttled: 1, Periods: 20},
		{Node: "unread at first", CPU: 9 * ms},
		{Node: "late", CPU: 9 * ms},
	}
	want := []Usage{
		{Node: "steady", CPU: 3 * ms, Throttled: 1, Periods: 20},
		{Node: "unread", Unknown: "process ended"},
		{Node: "began anew", Unknown: "its counters began anew while driving"},
		{Node: "unread at first", Unknown: "no cgroup"}, // what it used before driving is not known
		{Node: "late", Unknown: "it was not there before driving"},
		{Node: "gone", Unknown: "it vanished while driving"},
	}
	if diff := cmp.Diff(want, usageBetween(before, after)); diff != "" {
		t.Errorf("usage (-want +got):\n%s", diff)
	}
}
