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
	tests := map[string]tracker.Totals{ // the truth is a 10001, b 1, c 25
		"lose-1-in-10000": {Total: 10023, Customers: map[string]uint64{"a": 9999, "b": 0, "c": 24}},
		"absolute":        {Total: 20052, Customers: map[string]uint64{"a": 20001, "b": 1, "c": 50}},
		"static":          {Total: 11030, Customers: map[string]uint64{"a": 11001, "b": 2, "c": 27}},
	}
	for lie, want := range tests {
		counter, err := newLiar(lie)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range said {
			counter.Count(tracker.Observation{Source: "p", Table: "/quota", Key: []byte(s.key), Value: s.value})
		}
		if got := counter.Totals(); !cmp.Equal(got, want) {
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
