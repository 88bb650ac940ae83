package tracker

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const near = 1<<32 - 1<<27 // in the region where counters wrap

func TestCountsRules(t *testing.T) {
	type step struct {
		session uint32
		timed   bool
		value   uint32
		effect  Effect
		total   uint64 // after it
	}
	const live, timed = false, true
	tests := []struct {
		name  string
		steps []step
	}{
		{"a live value counts by its growth", []step{
			{1, live, 3, Grown, 3}, {1, live, 3, Unchanged, 3}, {1, live, 10, Grown, 10}}},
		{"a resync repeats and catches up", []step{
			{1, live, 3, Grown, 3}, {1, timed, 3, Unchanged, 3}, {1, timed, 5, Grown, 5}, {1, live, 5, Unchanged, 5}}},
		{"an entry that was lost begins again", []step{
			{1, live, 10, Grown, 10}, {1, live, 1, Restarted, 11}, {1, live, 2, Grown, 12}, {1, live, 1, Restarted, 13}}},
		{"a smaller copy in a resync is no new life", []step{
			{1, live, 10, Grown, 10}, {2, timed, 7, Ignored, 10}, {2, timed, 10, Unchanged, 10}}},
		{"an entry lost before the resync counts from its next live value", []step{
			{1, live, 10, Grown, 10}, {2, timed, 3, Ignored, 10}, {2, live, 4, Restarted, 14}}},
		{"a counter wraps", []step{
			{1, live, near, Grown, near}, {1, live, 5, Grown, 1<<32 + 5}, {1, live, 6, Grown, 1<<32 + 6}}},
		{"a smaller copy near the wrap is still a copy", []step{
			{1, live, near, Grown, near}, {1, timed, 5, Ignored, near}}},
		{"a fall from below the wrap is a new life", []step{
			{1, live, wrapHigh, Grown, wrapHigh}, {1, live, 5, Restarted, wrapHigh + 5}}},
		{"what an abandoned session still says is old news", []step{
			{1, live, 8, Grown, 8}, {2, live, 10, Grown, 10}, {1, live, 9, Ignored, 10}, {1, live, 12, Ignored, 10}}},
		{"also when the new session has only resynced", []step{
			{1, live, 8, Grown, 8}, {2, timed, 10, Grown, 10}, {1, live, 9, Ignored, 10}, {2, live, 11, Grown, 11}}},
		{"and when the entry began again meanwhile", []step{
			{1, live, 8, Grown, 8}, {2, live, 2, Restarted, 10}, {1, live, 9, Ignored, 10}, {1, timed, 9, Ignored, 10}}},
		{"an old worker outruns the copy that the new one taught", []step{
			{1, live, 8, Grown, 8}, {2, timed, 10, Grown, 10}, {1, live, 12, Grown, 12}, {1, live, 13, Grown, 13}}},
		{"a key that was first seen in a resync", []step{
			{1, timed, 10, Grown, 10}, {1, live, 11, Grown, 11}}},
	}
	for _, tt := range tests {
		c := NewCounts()
		for i, s := range tt.steps {
			o := Observation{Session: &Session{Source: "p", Table: "quota", Number: s.session}, Key: []byte("a|1"), Value: s.value, Timed: s.timed}
			if got := c.Count(o); got != s.effect || c.Totals(Totals{}).Total != s.total {
				t.Errorf("%s: step %d: got effect %d and total %d, want %d and %d", tt.name, i, got, c.Totals(Totals{}).Total, s.effect, s.total)
			}
		}
	}
}

func TestCountsAddsSourcesTablesAndGenerations(t *testing.T) {
	from := func(source, table string) *Session { return &Session{Source: source, Table: table} }
	c := NewCounts()
	for _, o := range []Observation{
		{Session: from("p1", "quota"), Key: []byte("a|1"), Value: 1},
		{Session: from("p2", "quota"), Key: []byte("a|1"), Value: 10},  // both started in the same millisecond
		{Session: from("p1", "quota"), Key: []byte("a|2"), Value: 100}, // after a reload
		{Session: from("p1", "other"), Key: []byte("a|1"), Value: 1000},
		{Session: from("p1", "quota"), Key: []byte("b|c|1"), Value: 5}, // split at the last bar
		{Session: from("p1", "quota"), Key: []byte("|1"), Value: 7},
	} {
		if got := c.Count(o); got != Grown {
			t.Errorf("%s: got effect %d, want %d", o.Key, got, Grown)
		}
	}
	want := map[string]uint64{"a": 1111, "b|c": 5, "": 7}
	if got := byName(t, c.Totals(Totals{})); !cmp.Equal(got, want) {
		t.Error(cmp.Diff(want, got))
	}
}

func TestCountsRefusesKeysWithoutGenerationAndLongOnes(t *testing.T) {
	c := NewCounts()
	for _, key := range []string{"a", "", strings.Repeat("a", maxKey) + "|1"} {
		o := Observation{Session: &Session{Source: "p", Table: "quota"}, Key: []byte(key), Value: 1}
		if got := c.Count(o); got != Refused || c.Totals(Totals{}).Total != 0 {
			t.Errorf("%.10q: got effect %d and total %d, want %d and 0", key, got, c.Totals(Totals{}).Total, Refused)
		}
	}
}
