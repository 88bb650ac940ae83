package harnesstest

import (
	"os"
	"slices"
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

func TestOneAnswerIn10000ThatIsLostIsSeen(t *testing.T) {
	r := judge(t, Scenario(20_002), &Driver{Site: NewSite(LosingTracker(10_001))})
	const want = "no-errors=pass nodes-alive=pass exactly-once=pass quota-exact=fail"
	if got := statuses(r); got != want || !strings.Contains(r.Sentence, "client 10,001, origin 10,001, sticktable 10,001, proxylog 10,001, tracker 10,000") {
		t.Errorf("got %s, want %s\n%s", got, want, r.Sentence)
	}
}

// caughtDrivers are the liars among drivers: which check names what they did, what all
// checks say of their trial, and which words say what they did.
var caughtDrivers = []struct {
	does     string
	check    string
	driver   Driver
	verdicts string
	says     string
}{
	{"sends an attempt again after a reset", "exactly-once", Driver{Replay: some},
		"no-errors=pass nodes-alive=pass exactly-once=fail quota-exact=fail", "0 losses, 0 ghosts, 2 replays"},
	{"sends static attempts again", "exactly-once", Driver{Replay: func(seq uint64) bool { return seq == 777 }},
		"no-errors=pass nodes-alive=pass exactly-once=fail quota-exact=pass", "0 losses, 0 ghosts, 1 replay"},
	{"hides timeouts", "exactly-once", Driver{TimeOut: some, HideTimeOut: true},
		"no-errors=unknown nodes-alive=pass exactly-once=fail quota-exact=fail", "0 losses, 1 ghost, 0 replays"},
	{"calls timeouts clients that left", "no-errors", Driver{TimeOut: some, ExcuseThem: true},
		"no-errors=fail nodes-alive=pass exactly-once=pass quota-exact=unknown", "2 of 1,000 attempts did not go as expected: 2 aborted"},
	{"reports static for dynamic", "quota-exact", Driver{CallStatic: some},
		"no-errors=pass nodes-alive=pass exactly-once=pass quota-exact=fail", "1 of them overcharged: client 499, origin 500"},
}

// some are one dynamic attempt and a static one.
func some(seq uint64) bool { return seq == 500 || seq == 777 }

func TestEveryLyingDriverIsCaughtByName(t *testing.T) {
	for _, row := range caughtDrivers {
		d := row.driver
		d.Site = NewSite(HonestTracker)
		r := judge(t, Scenario(1000), &d)
		if got := statuses(r); r.Status != harness.Fail || got != row.verdicts {
			t.Errorf("a driver that %s: got %s, want %s", row.does, got, row.verdicts)
		}
		i := slices.IndexFunc(r.Verdicts, func(v harness.Verdict) bool { return v.Check == row.check })
		if !strings.Contains(r.Verdicts[i].Sentence, row.says) {
			t.Errorf("a driver that %s: got %s: %q, want %q in it", row.does, row.check, r.Verdicts[i].Sentence, row.says)
		}
		inMethodology(t, row.does, row.check)
	}
}

// inMethodology demands that the document says who was caught, and by what.
func inMethodology(t *testing.T, cells ...string) {
	t.Helper()
	const path = "../../docs/METHODOLOGY.md"
	document, err := os.ReadFile(path)
	if row := "| " + strings.Join(cells, " | ") + " |"; err != nil || !strings.Contains(string(document), row) {
		t.Errorf("error %v; want %q in %s", err, row, path)
	}
}

func TestTimeoutsThatAreToldLeaveTheQuotaUnknown(t *testing.T) {
	d := &Driver{Site: NewSite(HonestTracker), TimeOut: func(seq uint64) bool { return seq == 500 || seq == 777 }}
	r := judge(t, Scenario(1000), d)
	if got := statuses(r); got != "no-errors=fail nodes-alive=pass exactly-once=pass quota-exact=unknown" {
		t.Errorf("%s: %s", got, r.Sentence)
	}
}
