package harnesstest

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/haproof/haproof/harness"
	"github.com/haproof/haproof/harness/check"
	"github.com/haproof/haproof/harness/harnesstest/lies"
)

// near2to31 is a little below 2^31.
const near2to31 = 1<<31 - 20

// course is what happens to a wire while 1,006 attempts are made, every other one of
// them dynamic, by 5 customers in turn.
type course struct {
	keys   harness.KeyStyle
	stored bool
	script map[uint64]Event
	deeds  []harness.Disturbance // as a nemesis would record them
	check  harness.CheckSpec
}

var exact = harness.CheckSpec{Name: "quota-exact"}

// courses are the disturbances that make lies show. An honest tracker passes all.
var courses = map[string]course{
	"nothing":   {check: exact, script: map[uint64]Event{500: Told}}, // a value that is told once may be taken for growth
	"cut":       {check: exact, script: map[uint64]Event{500: Cut}},
	"reload":    {check: exact, script: map[uint64]Event{500: Reload}},
	"power cut": {check: exact, stored: true, script: map[uint64]Event{500: PowerCut}},
	// What the new process counts before it has learned is overwritten.
	"reload with plain keys": {
		keys: harness.KeysPlain, script: map[uint64]Event{500: Reload, 540: Learned},
		deeds: []harness.Disturbance{{Fault: harness.Fault{Do: harness.FaultReload, Node: "proxy1"}, Began: 100 * time.Millisecond}},
		check: harness.CheckSpec{Name: "charged", Options: map[string]string{"plain": "lost 0..20 doubled 0"}},
	},
	"counter near 2^31": {
		script: map[uint64]Event{1: SetTo("c0003", near2to31)},
		deeds: []harness.Disturbance{{
			Fault: harness.Fault{Do: harness.FaultSet, Node: "proxy1"}, Deed: harness.Deed{Amounts: map[string]uint64{"c0003": near2to31}},
		}},
		check: harness.CheckSpec{Name: "charged", Options: map[string]string{"exact": "doubled set"}},
	},
}

// play plays the course with a tracker that tells the lie, and judges what the record
// on disk says.
func (c course) play(t *testing.T, lie lies.Lie) harness.Verdict {
	t.Helper()
	cfg := WireConfig{Keys: c.keys, Lie: lie, Script: c.script}
	if c.stored {
		cfg.Store = t.TempDir()
	}
	ctx, cancel := context.WithCancel(t.Context())
	w, err := NewWire(ctx, cfg)
	if err != nil {
		t.Fatal(err)
	}
	sc := Scenario(1006) // so that two customers are charged less than the others
	sc.Topology[harness.TierProxy] = harness.Tier{Kind: "memory", Keys: c.keys}
	run, err := Play(ctx, sc, &Driver{Site: w.Site()}, t.TempDir())
	cancel()
	if closed := w.Close(); err != nil || closed != nil {
		t.Fatal(err, closed)
	}
	rec := run.Records[0]
	rec.Disturbances = c.deeds
	judge, err := check.New(c.check)
	if err != nil {
		t.Fatal(err)
	}
	return judge.(harness.Check).Judge(rec)
}

func TestHonestTrackerPassesEveryCourse(t *testing.T) {
	for name, c := range courses {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if v := c.play(t, lies.Lie{}); v.Status != harness.Pass {
				t.Errorf("%s: %s\n%+v", v.Status, v.Sentence, v.Findings)
			}
		})
	}
}

// caught are the liars among trackers: on which course each shows, and which words of
// the verdict or of a finding say what it did.
var caught = []struct{ lie, course, says string }{
	{"lose-1-in-10000", "nothing", "c0000: client 101, origin 101, sticktable 101, proxylog 101, tracker 99 (2 too few)"},
	{"absolute", "nothing", "5 of them overcharged"},
	{"static", "nothing", "c0000: client 101, origin 101, sticktable 101, proxylog 101, tracker 111 (10 too many)"},
	{"round", "nothing", "c0000: client 101, origin 101, sticktable 101, proxylog 101, tracker 100 (1 too few)"},
	{"truncate", "nothing", "c000: client 0, origin 0, sticktable 0, proxylog 0, tracker 503 (503 too many)"},
	{"collision", "nothing", "client 503, origin 503, sticktable 503, proxylog 503, tracker 503"},
	{"reconnect", "cut", "c0000: client 101, origin 101, sticktable 101, proxylog 101, tracker 126 (25 too many)"},
	{"resync", "cut", "5 of them overcharged"},
	{"generation", "reload", "c0000: client 101, origin 101, sticktable 101, proxylog 101, tracker 76 (25 too few)"},
	{"hasty", "power cut", "too few)"},
	{"decrease", "reload with plain keys", "too many: likely attempt"},
	{"signed", "counter near 2^31", "wanted set, which is 2,147,483,628"},
}

func TestEveryLyingTrackerIsCaughtByName(t *testing.T) {
	for _, row := range caught {
		t.Run(row.lie, func(t *testing.T) {
			t.Parallel()
			lie, err := lies.New(row.lie)
			if err != nil {
				t.Fatal(err)
			}
			v := courses[row.course].play(t, lie)
			if v.Status != harness.Fail || !strings.Contains(words(v), row.says) {
				t.Errorf("%s: got %s\nwant fail, and %q in it", courses[row.course].check.Name, words(v), row.says)
			}
		})
	}
}

// words is all that a verdict says.
func words(v harness.Verdict) string {
	text := v.Status.String() + ": " + v.Sentence
	for _, f := range v.Findings {
		text += fmt.Sprintf("\n%s: %s", f.Subject, f.Text)
	}
	return text
}

func TestEveryLieIsToldAndCaught(t *testing.T) {
	told := map[string]bool{}
	for _, row := range caught {
		told[row.lie] = true
		lie, err := lies.New(row.lie)
		if err != nil {
			t.Fatal(err)
		}
		inMethodology(t, lie.Does, row.course, courses[row.course].check.Name)
	}
	if got := slices.Sorted(maps.Keys(told)); !slices.Equal(got, lies.Names()) {
		t.Errorf("caught are %v, the lies are %v", got, lies.Names())
	}
}
