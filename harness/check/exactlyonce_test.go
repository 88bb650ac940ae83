package check

import (
	"testing"
	"time"

	"github.com/haproof/haproof/harness"
	"github.com/haproof/haproof/harness/witness"
)

// without takes one id out of the receipts.
func without(rec *harness.Record, seq uint64) {
	rec.Receipts.Spans = []harness.Span{{First: 0, Last: seq - 1}, {First: seq + 1, Last: 99}}
}

func TestExactlyOnceJoinsAttemptsAndReceiptsByID(t *testing.T) {
	run(t, harness.CheckSpec{Name: "exactly-once"}, []judged{
		{"all arrived once", nothing, harness.Pass, "100 of 100 attempts arrived exactly once", ""},
		{"attempts in another order", func(r *harness.Record) { r.Attempts[3], r.Attempts[90] = r.Attempts[90], r.Attempts[3] },
			harness.Pass, "100 of 100", ""},
		{"answer without receipt", func(r *harness.Record) { without(r, 42) },
			harness.Fail, "1 loss, 0 ghosts, 0 replays among 100 attempts", "attempt 42: answered with status 200, but no origin logged it"},
		{"receipt without attempt", func(r *harness.Record) { r.Attempts = append(r.Attempts[:42], r.Attempts[43:]...) },
			harness.Fail, "0 losses, 1 ghost", "attempt 42: logged by an origin, but never reported"},
		{"receipt far beyond", func(r *harness.Record) {
			r.Receipts.Spans = append(r.Receipts.Spans, harness.Span{First: 1 << 35, Last: 1<<36 - 1})
		}, harness.Fail, "34,359,738,368 ghosts", "attempt 34359738368: "},
		{"failure that arrived", func(r *harness.Record) {
			r.Attempts[7].Outcome, r.Attempts[7].Cause = harness.Failed, harness.CauseConnect
		},
			harness.Fail, "1 ghost", "attempt 7: failed for certain (connect), but an origin logged it"},
		{"failure that did not arrive", func(r *harness.Record) {
			r.Attempts[7].Outcome, r.Attempts[7].Cause = harness.Failed, harness.CauseConnect
			without(r, 7)
		}, harness.Pass, "99 of 100 attempts arrived exactly once", ""},
		{"replay", func(r *harness.Record) { r.Receipts.Repeats = map[uint64]uint64{5: 3} },
			harness.Fail, "1 replay", "attempt 5: arrived 3 times"},
		{"id used twice by the driver", func(r *harness.Record) { r.Attempts[5].Seq = 6; without(r, 5) },
			harness.Fail, "1 replay", "attempt 6: reported twice"},
		{"probes on both sides", func(r *harness.Record) {
			r.Attempts = append(r.Attempts, harness.Attempt{Seq: witness.FirstProbe + 1, Outcome: harness.OK})
			r.Receipts.Spans = append(r.Receipts.Spans, harness.Span{First: witness.FirstProbe, Last: witness.FirstProbe + 9})
			r.Receipts.Repeats = map[uint64]uint64{witness.FirstProbe: 2}
		}, harness.Pass, "100 of 100 attempts", ""},
		{"error that the proxy answered", func(r *harness.Record) {
			a := &r.Attempts[9]
			a.Status, a.Cause, a.Dynamic = 503, harness.CauseStatus, false
			without(r, 9)
		}, harness.Pass, "the proxy answered 1 by itself", ""},
		{"denied and not logged", func(r *harness.Record) {
			a := &r.Attempts[8]
			a.Status, a.Cause, a.Dynamic = 429, harness.CauseDenied, false
			without(r, 8)
		}, harness.Pass, "99 of 100 attempts arrived exactly once; the proxy denied 1, none of which arrived", ""},
		{"given up before being sent", func(r *harness.Record) {
			r.Receipts.Spans = []harness.Span{{First: 0, Last: 98}}
			r.Attempts[99].Outcome, r.Attempts[99].Cause, r.Attempts[99].Status = harness.Failed, harness.CauseShed, 0
		}, harness.Pass, "99 of 100 attempts arrived exactly once; 1 attempt was given up before being sent", ""},
		{"denied but logged", func(r *harness.Record) {
			a := &r.Attempts[8]
			a.Status, a.Cause, a.Dynamic = 429, harness.CauseDenied, false
		}, harness.Fail, "1 ghost", "attempt 8: denied by the proxy, but an origin logged it"},
		{"PHP's answer without receipt is a loss whatever its status", func(r *harness.Record) {
			a := &r.Attempts[8]
			a.Status, a.Cause = 503, harness.CauseStatus
			without(r, 8)
		}, harness.Fail, "1 loss", ""},
		{"expected status without receipt is a loss", func(r *harness.Record) {
			r.Attempts[9].Status = 503
			without(r, 9)
		}, harness.Fail, "1 loss", ""},
	})
}

func TestExactlyOnceResolvesWhatTheClientCannotKnow(t *testing.T) {
	run(t, harness.CheckSpec{Name: "exactly-once"}, []judged{
		{"arrived", func(r *harness.Record) { timeOut(r, 8) },
			harness.Pass, "of 1 indeterminate attempt 1 arrived and 0 did not", "attempt 8: indeterminate (timeout): it arrived"},
		{"did not arrive", func(r *harness.Record) { timeOut(r, 8); without(r, 8) },
			harness.Pass, "0 arrived and 1 did not", "attempt 8: indeterminate (timeout): it did not arrive"},
		{"lines without an id are said", func(r *harness.Record) { r.Receipts.Strange = 2 }, harness.Pass, "2 log lines of the origin bear no sequence id", ""},
	})
}

func TestExactlyOnceIsUnknownWithoutEvidence(t *testing.T) {
	run(t, harness.CheckSpec{Name: "exactly-once"}, []judged{
		{"no receipts", func(r *harness.Record) {
			r.Receipts = nil
			r.Absent = map[string]string{"origin": "disk gone"}
		}, harness.Unknown, "no receipts of the origin: disk gone", ""},
		{"no attempts", func(r *harness.Record) { r.Attempts = nil }, harness.Unknown, "no attempt was made", ""},
		{"search", search, harness.Unknown, "a search", ""},
		{"not settled", unsettled, harness.Unknown, "had not settled", ""},
		{"not settled, log behind", func(r *harness.Record) { unsettled(r); without(r, 42) }, harness.Unknown, "1 loss", "attempt 42: "},
		{"not settled, yet a replay", func(r *harness.Record) { unsettled(r); r.Receipts.Repeats = map[uint64]uint64{5: 2} }, harness.Fail, "1 replay", ""},
		{"attempt that was never reported and never arrived", func(r *harness.Record) {
			r.Attempts = r.Attempts[:99]
			r.Receipts.Spans[0].Last = 98
		}, harness.Unknown, "1 of 100 attempts were never reported", ""},
		{"trial that broke off", func(r *harness.Record) { r.Error = "lab is gone" }, harness.Unknown, "lab is gone; so far 100 of 100", ""},
		{"interrupted trial", func(r *harness.Record) { r.Interrupted = true }, harness.Unknown, "interrupted; so far 100 of 100", ""},
		{"interrupted trial with a replay", func(r *harness.Record) { r.Interrupted = true; r.Receipts.Repeats = map[uint64]uint64{5: 2} }, harness.Fail, "1 replay", ""},
		{"nothing arrived, as nothing was sent", func(r *harness.Record) {
			for i := range r.Attempts {
				r.Attempts[i].Outcome, r.Attempts[i].Cause = harness.Failed, harness.CauseConnect
			}
			r.Receipts = &harness.Receipts{}
		}, harness.Unknown, "not one of 100 attempts arrived", ""},
		{"id beyond what receipts can hold", func(r *harness.Record) { r.Attempts[99].Seq = witness.MaxSeq; r.Receipts.Spans[0].Last = 98 },
			harness.Unknown, "beyond 8,589,934,592", ""},
	})
}

// A span is a claim of the file: judging must not walk through it.
func TestHugeSpanIsJudgedAtOnce(t *testing.T) {
	rec := good()
	rec.Receipts.Spans[0].Last = 1<<40 - 1
	began := time.Now()
	v := exactlyOnce{}.Judge(rec)
	if v.Status != harness.Fail || len(v.Findings) != harness.MaxFindings || time.Since(began) > 20*time.Second { // microseconds; walking the span takes hours
		t.Errorf("%s after %v: %s", v.Status, time.Since(began), v.Sentence)
	}
}

func BenchmarkExactlyOnce(b *testing.B) {
	rec := good()
	const n = 10_000_000
	rec.Attempts = make([]harness.Attempt, n)
	for i := range rec.Attempts {
		rec.Attempts[i] = harness.Attempt{Seq: uint64(i*7919) % n, Outcome: harness.OK} // as they end: in no order
	}
	rec.Driven.Offered = n
	rec.Receipts.Spans = nil
	for first := uint64(0); first < n; first += 1000 {
		rec.Receipts.Spans = append(rec.Receipts.Spans, harness.Span{First: first, Last: first + 999})
	}
	b.ReportAllocs()
	for b.Loop() {
		if v := (exactlyOnce{}).Judge(rec); v.Status != harness.Pass {
			b.Fatal(v)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/attempt")
}

func TestExactlyOnceKnowsRetriesAndLostLogs(t *testing.T) {
	retry := func(r *harness.Record) {
		r.Cell.Scenario.Topology[harness.TierProxy] = harness.Tier{Retry: true}
		r.Receipts.Repeats = map[uint64]uint64{6: 3, 7: 2}
	}
	first := func(r *harness.Record) { r.Receipts.Spans[0].First = 1 } // attempt 0 has no receipt
	run(t, harness.CheckSpec{Name: "exactly-once"}, []judged{
		{"HAProxy may try again", retry, harness.Pass, "98 of 100 attempts arrived exactly once; HAProxy tried 2 attempts again", ""},
		{"the driver may not", func(r *harness.Record) { retry(r); r.Attempts[3].Seq = 2 }, harness.Fail, "1 replay", "attempt 2: reported twice"},
		{"an answer of a web node that was ended", func(r *harness.Record) { kill(r, "backend1"); first(r) }, harness.Unknown, "1 answer is in no log of an origin: a web node was ended", "attempt 0: answered with status 200, but no origin logged it, as a web node was ended"},
		{"a web node that was slow logs all the same", func(r *harness.Record) { disturbed(r, harness.FaultSlow, "backend1"); first(r) }, harness.Fail, "1 loss", ""},
		{"a client that left early", func(r *harness.Record) {
			r.Attempts[0].Outcome, r.Attempts[0].Cause = harness.Indeterminate, harness.CauseAborted
			first(r)
		}, harness.Pass, "of 1 indeterminate attempt 0 arrived and 1 did not", "attempt 0: indeterminate (aborted): it did not arrive"},
	})
}
