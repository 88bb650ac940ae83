package lies

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/haproof/haproof/harness/tracker"
)

// said is one observation. The truth of all of them is in TestEveryLieIsWrongInItsOwnWay.
type said struct {
	session uint32
	key     string
	value   uint32
	timed   bool
}

var story = []said{
	{1, "anne|1", 10_000, false},
	{1, "bert|1", 1, false},
	{1, "anne|1", 10_001, false},
	{1, "anna|1", 5, false},
	{2, "anne|1", 10_001, true}, // a new connection, and all is told again
	{2, "bert|1", 1, true},
	{2, "anna|1", 5, true},
	{2, "anne|1", 9_000, true}, // an old copy
	{2, "bert|2", 3, false},    // another process
	{2, "cora|2", 1<<31 - 1, false},
	{2, "cora|2", 1<<31 + 4, false},
}

// told returns what the named lie counts of the story; no name for the honest tracker.
func told(t *testing.T, name string) map[string]uint64 {
	t.Helper()
	counts := tracker.NewCounts()
	var counter tracker.Counter = counts
	if name != "" {
		lie, err := New(name)
		if err != nil {
			t.Fatal(err)
		}
		counter = lie.Counter(counts)
	}
	sessions := map[uint32]*tracker.Session{
		1: {Source: "p", Table: "quota", Number: 1}, 2: {Source: "p", Table: "quota", Number: 2},
	}
	for _, s := range story {
		counter.Count(tracker.Observation{Session: sessions[s.session], Key: []byte(s.key), Value: s.value, Timed: s.timed})
	}
	got := map[string]uint64{}
	totals := counts.Totals(tracker.Totals{})
	for i, name := range totals.Names {
		got[name] = totals.Each[i]
	}
	return got
}

func TestEveryLieIsWrongInItsOwnWay(t *testing.T) {
	truth := map[string]uint64{"anne": 10_001, "bert": 4, "anna": 5, "cora": 1<<31 + 4}
	with := func(change map[string]uint64) map[string]uint64 {
		counts := map[string]uint64{}
		for _, from := range []map[string]uint64{truth, change} {
			for name, n := range from {
				counts[name] = n
			}
		}
		return counts
	}
	if n := len(lies); n != 12 {
		t.Errorf("%d lies, and 12 of them are in this test or in one of stores", n)
	}
	for name, want := range map[string]map[string]uint64{
		"":                truth,
		"lose-1-in-10000": {"anne": 9_999, "bert": 2, "anna": 4, "cora": 1<<31 + 4 - 214_749},
		"static":          {"anne": 11_001, "bert": 6, "anna": 6, "cora": 2_362_232_017},
		"round":           {"anne": 10_000, "bert": 0, "anna": 0, "cora": 2_147_483_650},
		"absolute":        {"anne": 39_002, "bert": 5, "anna": 10, "cora": 1<<31 + 2}, // its sum of cora wraps besides
		"decrease":        with(map[string]uint64{"anne": 19_001}),
		"reconnect":       with(map[string]uint64{"anne": 20_002, "bert": 5, "anna": 10}),
		"resync":          with(map[string]uint64{"anne": 29_002, "bert": 5, "anna": 10}),
		"signed":          with(map[string]uint64{"cora": 1<<31 - 1}),
		"generation":      with(map[string]uint64{"bert": 3}),
		"truncate":        truth, // names of four bytes
		"collision":       {"anne": 10_005, "anna": 1<<31 + 9},
	} {
		if diff := cmp.Diff(want, told(t, name)); diff != "" {
			t.Errorf("%q (-want +got):\n%s", name, diff)
		}
	}
}

func TestEveryLieSaysWhatItDoes(t *testing.T) {
	for _, name := range Names() {
		if l := lies[name]; l.Does == "" || (l.Counter == nil) == (l.Store == nil) {
			t.Errorf("%s: want what it does, and one of its functions", name)
		}
	}
	if _, err := New("truth"); err == nil || !strings.Contains(err.Error(), "absolute") {
		t.Errorf("got error %v, want one that lists the lies", err)
	}
}
