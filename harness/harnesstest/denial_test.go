package harnesstest

import (
	"strings"
	"testing"
	"time"

	"github.com/haproof/haproof/harness"
	"github.com/haproof/haproof/harness/check"
)

// limitedSite is held to the limits of LimitedScenario.
func limitedSite(sc harness.Scenario, d Denier) *Driver {
	site := NewSite(HonestTracker)
	site.Limit(*sc.Topology.Limits(), d)
	return &Driver{Site: site}
}

func TestHonestDenierPasses(t *testing.T) {
	sc := LimitedScenario(1500)
	r := judge(t, sc, limitedSite(sc, HonestDenier))
	if r.Status != harness.Pass || !strings.Contains(r.Sentence, "4 of 4 limited customers used up 50") {
		t.Errorf("%s: %s\n%s", r.Status, r.Sentence, statuses(r))
	}
}

func TestEveryLyingDenierIsCaughtByName(t *testing.T) {
	for _, test := range []struct {
		name   string
		denier Denier
		says   string // part of the run's sentence
	}{
		{"tracker that never denies", NoDenier, "served later than 250ms after the limit was used up"},
		{"tracker that denies too late", LateDenier(400 * time.Millisecond), "served later than 250ms after the limit was used up"},
		{"tracker that denies whoever has a limit", EagerDenier, "denied before the limit was used up"},
		{"tracker that denies everybody", BlindDenier, "denied without having a limit"},
	} {
		sc := LimitedScenario(1500)
		r := judge(t, sc, limitedSite(sc, test.denier))
		const others = "no-errors=pass nodes-alive=pass "
		got := statuses(r)
		if r.Status != harness.Fail || !strings.HasPrefix(got, others) || !strings.HasSuffix(got, " enforced=fail") || !strings.Contains(r.Sentence, test.says) {
			t.Errorf("%s: %s\ngot %s", test.name, r.Sentence, got)
		}
	}
}

// TestDenialsThatOutliveTheTrackerAreCaught lets the tracker be killed after 2 s of 8.
func TestDenialsThatOutliveTheTrackerAreCaught(t *testing.T) {
	kill := harness.Disturbance{Fault: harness.Fault{Do: harness.FaultKill, Node: "tracker1"}, Began: 2 * time.Second, Ended: 2 * time.Second}
	for _, test := range []struct {
		name   string
		denier Denier
		want   harness.Status
		says   string
	}{
		{"proxy that forgets", Forgetting(HonestDenier, 5*time.Second, time.Hour), harness.Pass, "without the tracker everybody was served"},
		{"proxy that forgets nothing", HonestDenier, harness.Fail, "denied while the tracker was gone"},
	} {
		sc := LimitedScenario(4000)
		run, err := Play(t.Context(), sc, limitedSite(sc, test.denier), t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		rec := run.Records[0]
		rec.Disturbances = []harness.Disturbance{kill}
		judge, err := check.New(harness.CheckSpec{Name: "enforced"})
		if err != nil {
			t.Fatal(err)
		}
		if v := judge.(harness.Check).Judge(rec); v.Status != test.want || !strings.Contains(v.Sentence, test.says) {
			t.Errorf("%s: got %s %q, want %s %q", test.name, v.Status, v.Sentence, test.want, test.says)
		}
	}
}
