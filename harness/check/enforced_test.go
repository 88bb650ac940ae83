package check

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/haproof/haproof/harness"
)

const second = time.Second

// The trial of limitedRecord: 16 s in which each of three customers makes an attempt
// every 20 ms, every other one dynamic. Two have a limit of 10, so they use it up at
// about 0.36 s. The tracker dies at 2 s, denials expire at 5 s, it is back at 8 s,
// and proxies have called it by 12 s.
const (
	diesAt, expiresAt, backAt, callsAt = 2 * second, 5 * second, 8 * second, 12 * second
	endsAt                             = 16 * second
	taught                             = 40 * ms // from the end of the limit to denial
)

// ask is what a proxy knows when it decides about an attempt.
type ask struct {
	key    string
	at     time.Duration
	usedUp time.Duration // when the customer's limit was used up; never if not yet
}

// honest denies as proxies do that an honest tracker taught.
func honest(q ask) bool {
	away := q.at >= expiresAt && q.at < callsAt
	return q.key != "c0002" && q.usedUp != never && q.at >= q.usedUp+taught && !away
}

func limitedRecord(denies func(ask) bool) *harness.Record {
	rec := good()
	rec.Attempts, rec.Receipts = nil, nil
	topology := rec.Cell.Scenario.Topology
	topology[harness.TierTracker] = harness.Tier{Kind: "quota-tracker", Count: 1, Limits: &harness.Limits{Customers: 2, Total: 10, Expire: 3 * second}}
	rec.Cell.Scenario.Workload = harness.Workload{Customers: 3, Rate: 150}
	restart := harness.Fault{At: diesAt, Do: harness.FaultRestart, Node: "tracker", After: backAt - diesAt}
	rec.Cell.Scenario.Faults = []harness.Fault{restart}
	rec.Disturbances = []harness.Disturbance{{Fault: restart, Began: diesAt, Ended: backAt + 100*ms}}
	charged, usedUp := map[string]int{}, map[string]time.Duration{}
	for i := range int(endsAt/(20*ms)) * 3 {
		key, at := fmt.Sprintf("c%04d", i%3), time.Duration(i/3)*20*ms
		a := harness.Attempt{Seq: uint64(i), Key: key, Intended: at, Sent: at, Done: at + 2*ms, Status: 200, Outcome: harness.OK, Dynamic: i/3%2 == 0}
		when, ok := usedUp[key]
		if !ok {
			when = never
		}
		if denies(ask{key, at + ms, when}) {
			a.Status, a.Dynamic, a.Cause = 429, false, harness.CauseDenied
		}
		if a.Dynamic {
			if charged[key]++; charged[key] == 10 {
				usedUp[key] = at + ms
			}
		}
		rec.Attempts = append(rec.Attempts, a)
	}
	return rec
}

// judgeEnforced judges a record that spoil has changed.
func judgeEnforced(t *testing.T, rec *harness.Record) harness.Verdict {
	t.Helper()
	judge, err := New(harness.CheckSpec{Name: "enforced", Options: map[string]string{"within": "100ms", "back": "5s"}})
	if err != nil {
		t.Fatal(err)
	}
	return judge.(harness.Check).Judge(rec)
}

func TestEnforcedPassesProxiesThatWereTaughtHonestly(t *testing.T) {
	v := judgeEnforced(t, limitedRecord(honest))
	const want = "2 of 2 limited customers used up 10 and were denied from 100ms later on, nobody before; " +
		"without the tracker everybody was served, until it was back"
	if v.Status != harness.Pass || v.Sentence != want || v.Check != "enforced" {
		t.Errorf("got  %s %s: %q\nwant %q", v.Check, v.Status, v.Sentence, want)
	}
	for _, part := range []string{
		"over the limit: 152 attempts were denied; without the tracker 200 served, with it again 290 denied",
		"charged beyond the limit: median 0, most 0 of 10, n = 2 customers at 150 attempts/s offered in all",
		"last served attempt: was sent, after the answer that used the limit up: median 18ms, latest 18ms",
		"first denial: had come, after that answer: median 40ms, latest 40ms",
	} {
		if !hasFinding(v, part) {
			t.Errorf("no finding %q in %+v", part, v.Findings)
		}
	}
}

func TestEnforcedAccusesEachWrongByName(t *testing.T) {
	for _, row := range []struct {
		why     string
		denies  func(ask) bool
		says    string
		finding string
	}{
		{"nobody is ever denied", func(ask) bool { return false },
			"served later than 100ms after the limit was used up", "c0000: attempt "},
		{"everybody is always denied", func(ask) bool { return true },
			"denied before the limit was used up, 800 attempts were denied without having a limit", "c0001: attempt 1, sent at 0s, was denied when at most 0 could have been charged"},
		{"one without limit is denied once", func(q ask) bool { return honest(q) || q.key == "c0002" && q.at == 3*second+ms },
			"1 attempt was denied without having a limit", "c0002: attempt 452, sent at 3s, was denied, but has no limit within reach"},
		{"one answer too early", func(q ask) bool { return honest(q) || q.key == "c0001" && q.at == 340*ms+ms },
			"1 attempt was denied before the limit was used up", "c0001: attempt 52, sent at 340ms, was denied when at most 9 could have been charged"},
		{"denials come late", func(q ask) bool { return honest(q) && (q.at < diesAt == (q.at > q.usedUp+200*ms)) },
			"served later than 100ms after the limit was used up", "c0000: attempt 72, sent at 480ms, was served 118ms after its limit was used up"},
		{"one over the limit is served once", func(q ask) bool { return honest(q) && !(q.key == "c0000" && q.at == second+ms) },
			"1 attempt was served later than 100ms", "c0000: attempt 150, sent at 1s, was served 638ms"},
		{"denials outlive the tracker", func(q ask) bool { return honest(q) || q.at >= expiresAt && honest(ask{q.key, diesAt, q.usedUp}) },
			"denied while the tracker was gone", "c0000: attempt 900, sent at 6s, was denied though the tracker was gone and its denials expired"},
		{"the tracker forgot", func(q ask) bool { return honest(q) && q.at < diesAt },
			"served though over the limit and the tracker was back", "and the tracker was back"},
	} {
		v := judgeEnforced(t, limitedRecord(row.denies))
		if v.Status != harness.Fail || !strings.Contains(v.Sentence, row.says) || !hasFinding(v, row.finding) {
			t.Errorf("%s:\ngot  %s %+v\nwant fail %q, finding %q", row.why, v.Status, v, row.says, row.finding)
		}
	}
}

func TestEnforcedIsUnknownWithoutEvidence(t *testing.T) {
	cut := func(from, to time.Duration) func(*harness.Record) {
		return func(r *harness.Record) {
			kept := r.Attempts[:0]
			for _, a := range r.Attempts {
				if a.Sent < from || a.Sent >= to {
					kept = append(kept, a)
				}
			}
			r.Attempts = kept
		}
	}
	for _, row := range []struct {
		why   string
		spoil func(*harness.Record)
		says  string
	}{
		{"limit never reached", cut(300*ms, endsAt), "no customer was charged the limit of 10"},
		{"nobody tried again", func(r *harness.Record) { cut(400*ms, endsAt)(r); r.Disturbances, r.Cell.Scenario.Faults = nil, nil }, "nobody who had used the limit up was seen to try again"},
		{"nobody tried while it was gone", cut(diesAt, backAt), "while the tracker was gone"},
		{"nobody tried when it was back", cut(callsAt, endsAt), "later than 5s after the tracker was back"},
		{"fault not played", func(r *harness.Record) { r.Disturbances = nil }, "0 of 1 faults of the tracker and the proxies were played"},
		{"fault failed", func(r *harness.Record) { r.Disturbances[0].Error = "no such process" }, "restart of tracker was not played as wanted: no such process"},
		{"another tracker was there", func(r *harness.Record) {
			tier := r.Cell.Scenario.Topology[harness.TierTracker]
			tier.Count = 2
			r.Cell.Scenario.Topology[harness.TierTracker] = tier
		}, "a tracker was gone, but others were there"},
		{"no limits", func(r *harness.Record) { r.Cell.Scenario.Topology[harness.TierTracker] = harness.Tier{} }, "no limits to hold anybody to"},
		{"no attempts", func(r *harness.Record) { r.Attempts = nil }, "no attempt was made"},
		{"interrupted", func(r *harness.Record) { r.Interrupted = true }, "the trial was interrupted"},
		{"search", search, "a search"},
		{"probe", func(r *harness.Record) { r.Cell.Scenario.Workload.Probe = second }, "a probe uses limits up too"},
	} {
		rec := limitedRecord(honest)
		row.spoil(rec)
		if v := judgeEnforced(t, rec); v.Status != harness.Unknown || !strings.Contains(v.Sentence, row.says) {
			t.Errorf("%s: got %s %q, want unknown %q", row.why, v.Status, v.Sentence, row.says)
		}
	}
}

func TestEnforcedAsksNothingOfProxiesThatAreDisturbed(t *testing.T) {
	rec := limitedRecord(func(q ask) bool { return honest(q) && (q.at < second || q.at >= 2*second) })
	if v := judgeEnforced(t, rec); v.Status != harness.Fail {
		t.Fatalf("got %s, want the gap to be a failure without a reason for it", v.Status)
	}
	reload := harness.Fault{At: second, Do: harness.FaultReload, Node: "proxy1"}
	rec.Cell.Scenario.Faults = append(rec.Cell.Scenario.Faults, reload)
	rec.Disturbances = append(rec.Disturbances, harness.Disturbance{Fault: reload, Began: second, Ended: second + 100*ms})
	if v := judgeEnforced(t, rec); v.Status != harness.Pass {
		t.Errorf("got %s %q, want a reload to excuse it", v.Status, v.Sentence)
	}
}

func TestEnforcedNeverAccusesForWhatTheClientCannotKnow(t *testing.T) {
	rec := limitedRecord(honest)
	early := &rec.Attempts[51] // c0000, while its tenth dynamic attempt is 54
	early.Status, early.Dynamic, early.Cause = 429, false, harness.CauseDenied
	early.Done = rec.Attempts[54].Sent + 1 // the proxy may have answered the tenth before it denied this one
	unanswered := &rec.Attempts[600]
	unanswered.Status, unanswered.Outcome, unanswered.Cause = 0, harness.Indeterminate, harness.CauseTimeout
	if v := judgeEnforced(t, rec); v.Status != harness.Pass {
		t.Errorf("got %s %q", v.Status, v.Sentence)
	}
}

func TestEnforcedHoldsLatenessAgainstNobodyWhoseClientWasLateToo(t *testing.T) {
	for _, row := range []struct {
		why    string
		denies func(ask) bool
		want   harness.Status
		says   string
	}{
		{"nobody is denied", func(ask) bool { return false }, harness.Unknown, "but the client itself sent late, p99 30ms: no program had its time on this machine"},
		{"everybody is denied, which has nothing to do with time", func(ask) bool { return true }, harness.Fail, "denied without having a limit"},
		{"honest", honest, harness.Pass, "2 of 2"},
	} {
		rec := limitedRecord(row.denies)
		for i := range rec.Attempts {
			rec.Attempts[i].Intended -= 30 * ms
		}
		if v := judgeEnforced(t, rec); v.Status != row.want || !strings.Contains(v.Sentence, row.says) {
			t.Errorf("%s: got %s %q, want %s %q", row.why, v.Status, v.Sentence, row.want, row.says)
		}
	}
}
