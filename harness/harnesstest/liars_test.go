package harnesstest

import (
	"strings"
	"testing"

	"github.com/haproof/haproof/harness"
	"github.com/haproof/haproof/harness/check"
)

// judge plays a trial, reads its record back from disk and judges that.
func judge(t *testing.T, sc harness.Scenario, d *Driver) *harness.Result {
	t.Helper()
	out := t.TempDir()
	run, err := Play(t.Context(), sc, d, out)
	if err != nil {
		t.Fatal(err)
	}
	rec, err := harness.ReadRecord(out + "/only/1")
	if err != nil {
		t.Fatal(err)
	}
	run.Records = []*harness.Record{rec}
	checks, err := check.All(sc.Checks)
	if err != nil {
		t.Fatal(err)
	}
	return harness.Judge(run, checks)
}

// statuses lists the verdicts as "no-errors=pass …".
func statuses(r *harness.Result) string {
	var list []string
	for _, v := range r.Verdicts {
		list = append(list, v.Check+"="+v.Status.String())
	}
	return strings.Join(list, " ")
}

func TestHonestSitePasses(t *testing.T) {
	r := judge(t, Scenario(1000), &Driver{Site: NewSite(HonestTracker)})
	const want = "Pass: 5 witnesses agree on 500 dynamic answers of 5 customers; 1,000 of 1,000 attempts answered as expected."
	if r.Status != harness.Pass || r.Sentence != want {
		t.Errorf("%s: %s\n%s", r.Status, r.Sentence, statuses(r))
	}
}

func TestEveryLiarIsCaughtByName(t *testing.T) {
	some := func(seq uint64) bool { return seq == 500 || seq == 777 }
	for _, test := range []struct {
		name     string
		requests uint64
		driver   *Driver
		want     string // statuses
		says     string // part of the run's sentence
	}{
		{"tracker that loses 1 in 10,000", 20_002, &Driver{Site: NewSite(LosingTracker(10_001))},
			"no-errors=pass nodes-alive=pass exactly-once=pass quota-exact=fail", "tracker 10,000"},
		{"tracker that adds absolute values", 100, &Driver{Site: NewSite(AddingTracker)},
			"no-errors=pass nodes-alive=pass exactly-once=pass quota-exact=fail", "5 customers, 5 of them overcharged"},
		{"tracker that counts static answers", 100, &Driver{Site: NewSite(StaticTracker)},
			"no-errors=pass nodes-alive=pass exactly-once=pass quota-exact=fail", "tracker 100"},
		{"driver that replays", 1000, &Driver{Site: NewSite(HonestTracker), Replay: some},
			"no-errors=pass nodes-alive=pass exactly-once=fail quota-exact=fail", "also exactly-once"},
		{"driver that replays static attempts only", 1000, &Driver{Site: NewSite(HonestTracker), Replay: func(seq uint64) bool { return seq == 777 }},
			"no-errors=pass nodes-alive=pass exactly-once=fail quota-exact=pass", "exactly-once: 0 losses, 0 ghosts, 1 replay"},
		{"driver that hides timeouts", 1000, &Driver{Site: NewSite(HonestTracker), TimeOut: some, HideTimeOut: true},
			"no-errors=unknown nodes-alive=pass exactly-once=fail quota-exact=fail", "overcharged"},
	} {
		r := judge(t, Scenario(test.requests), test.driver)
		if got := statuses(r); r.Status != harness.Fail || got != test.want || !strings.Contains(r.Sentence, test.says) {
			t.Errorf("%s: %s\ngot  %s\nwant %s", test.name, r.Sentence, got, test.want)
		}
	}
}

func TestTimeoutsThatAreToldLeaveTheQuotaUnknown(t *testing.T) {
	d := &Driver{Site: NewSite(HonestTracker), TimeOut: func(seq uint64) bool { return seq == 500 || seq == 777 }}
	r := judge(t, Scenario(1000), d)
	if got := statuses(r); got != "no-errors=fail nodes-alive=pass exactly-once=pass quota-exact=unknown" {
		t.Errorf("%s: %s", got, r.Sentence)
	}
}
