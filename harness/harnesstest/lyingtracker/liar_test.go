package main

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/haproof/haproof/harness/tracker"
)

func TestLiarsAreWrongInTheirOwnWay(t *testing.T) {
	said := []struct {
		key   string
		value uint32
	}{{"a|1", 10000}, {"a|1", 10001}, {"b|1", 1}, {"c|1", 25}, {"c|1", 25}}
	tests := map[string]map[string]uint64{ // the truth is a 10001, b 1, c 25
		"lose-1-in-10000": {"a": 9999, "b": 0, "c": 24},
		"absolute":        {"a": 20001, "b": 1, "c": 50},
		"static":          {"a": 11001, "b": 2, "c": 27},
	}
	for lie, want := range tests {
		newCounter, err := newLiar(lie)
		if err != nil {
			t.Fatal(err)
		}
		from := &tracker.Session{Source: "p", Table: "quota", Number: 1}
		counts := tracker.NewCounts()
		counter := newCounter(counts)
		for _, s := range said {
			counter.Count(tracker.Observation{Session: from, Key: []byte(s.key), Value: s.value})
		}
		got := make(map[string]uint64)
		totals := counts.Totals(tracker.Totals{})
		for i, name := range totals.Names {
			got[name] = totals.Each[i]
		}
		if !cmp.Equal(got, want) {
			t.Errorf("%s: %s", lie, cmp.Diff(want, got))
		}
	}
}

func TestLiarNeedsALie(t *testing.T) {
	for _, lie := range []string{"", "truth"} {
		if _, err := newLiar(lie); err == nil {
			t.Errorf("-lie %q: got no error", lie)
		}
	}
}
