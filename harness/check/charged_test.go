package check

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/haproof/haproof/harness"
)

// expecting is check charged with expectations as name, text, name, text.
func expecting(pairs ...string) harness.CheckSpec {
	spec := harness.CheckSpec{Name: "charged", Options: map[string]string{}}
	for i := 0; i < len(pairs); i += 2 {
		spec.Options[pairs[i]] = pairs[i+1]
	}
	return spec
}

// disturbed adds a fault that was played from 500 ms to 510 ms.
func disturbed(rec *harness.Record, do, node string) *harness.Disturbance {
	rec.Disturbances = append(rec.Disturbances, harness.Disturbance{
		Fault: harness.Fault{At: 500 * ms, Do: do, Node: node}, Began: 500 * ms, Ended: 510 * ms, Whole: 520 * ms,
	})
	return &rec.Disturbances[len(rec.Disturbances)-1]
}

// stopped has a stopping process of proxy1 give answers, after a reload at 500 ms.
func stopped(rec *harness.Record, seqs ...uint64) {
	disturbed(rec, harness.FaultReload, "proxy1")
	for _, seq := range seqs {
		rec.Stopping = append(rec.Stopping, harness.StoppingAnswer{Seq: seq, Node: "proxy1", PID: 7})
	}
}

// unseen makes an attempt one whose answer the client did not see, and that the
// proxies' log knows nothing of.
func unseen(rec *harness.Record, i int) {
	timeOut(rec, i)
	key := rec.Attempts[i].Key
	charge(rec, harness.WitnessProxyLog, key, rec.Ledgers[harness.WitnessProxyLog][key].Sure-1)
}

// kill plays the killing of a node.
func kill(rec *harness.Record, node string) { disturbed(rec, harness.FaultKill, node) }

func TestChargedHoldsTheTrackerAgainstTheTruth(t *testing.T) {
	run(t, expecting("exact", "lost 0 doubled 0"), []judged{
		{"all counted", nothing, harness.Pass, "of 50 dynamic answers tracker lost 0 (wanted 0) and doubled 0 (wanted 0), with keys exact", ""},
		{"one lost", func(r *harness.Record) { charge(r, "tracker", "c0003", 9) }, harness.Fail, "tracker lost 1 (wanted 0)",
			"c0003: tracker counts 9 of 10 dynamic answers, 1 lost; no answer of a stopping process and no fault explains it"},
		{"one too many", func(r *harness.Record) { charge(r, "tracker", "c0003", 11) }, harness.Fail, "doubled 1 (wanted 0)", "c0003: tracker counts 11 of 10 dynamic answers, 1 too many"},
		{"a loss and a gain do not make up for each other", func(r *harness.Record) { charge(r, "tracker", "c0001", 9); charge(r, "tracker", "c0002", 11) },
			harness.Fail, "tracker lost 1 (wanted 0) and doubled 1 (wanted 0)", ""},
		{"somebody who never asked", func(r *harness.Record) { charge(r, "tracker", "c0999", 2) }, harness.Fail, "doubled 2", "c0999: tracker counts 2 of 0 dynamic answers, 2 too many"},
		{"somebody whom nobody charged", func(r *harness.Record) { charge(r, "tracker", "c0999", 0) }, harness.Pass, "doubled 0", ""},
		{"an attempt that arrived twice is charged once", func(r *harness.Record) {
			r.Receipts.Repeats = map[uint64]uint64{4: 2}
			charge(r, "origin", "c0004", 11)
		},
			harness.Pass, "lost 0", ""},
	})
}

func TestChargedResolvesWhatTheClientDidNotSee(t *testing.T) {
	dead := func(r *harness.Record) { kill(r, "proxy2") }
	run(t, expecting("exact", "lost 0 doubled 0"), []judged{
		{"the proxy saw the answer, the tracker too", func(r *harness.Record) { timeOut(r, 0) }, harness.Pass, "of 50 dynamic answers", ""},
		{"the proxy saw the answer, the tracker did not", func(r *harness.Record) { timeOut(r, 0); charge(r, "tracker", "c0000", 9) },
			harness.Fail, "of 50 dynamic answers tracker lost 1", "c0000: tracker counts 9 of 10"},
		{"nobody saw the answer", func(r *harness.Record) { unseen(r, 0); charge(r, "tracker", "c0000", 9) }, harness.Pass, "of 49 dynamic answers", ""},
		{"the tracker alone saw an answer", func(r *harness.Record) { unseen(r, 0) }, harness.Fail, "of 49 dynamic answers tracker lost 0 (wanted 0) and doubled 1", ""},
		{"a killed proxy's log is not believed, and the attempt arrived", func(r *harness.Record) { dead(r); unseen(r, 0) },
			harness.Pass, "of 49 to 50 dynamic answers tracker lost 0 (wanted 0) and doubled 0", ""},
		{"likewise, not charged", func(r *harness.Record) { dead(r); unseen(r, 0); charge(r, "tracker", "c0000", 9) }, harness.Pass, "of 49 to 50", ""},
		{"likewise, but too many even so", func(r *harness.Record) { dead(r); unseen(r, 0); charge(r, "tracker", "c0000", 11) }, harness.Fail, "doubled 1", ""},
		{"likewise, but too few even so", func(r *harness.Record) { dead(r); unseen(r, 0); charge(r, "tracker", "c0000", 8) }, harness.Fail, "lost 1", ""},
		{"likewise, but it never arrived", func(r *harness.Record) { dead(r); unseen(r, 0); r.Receipts.Spans[0].First = 1 },
			harness.Fail, "of 49 dynamic answers tracker lost 0 (wanted 0) and doubled 1", ""},
		{"a web node that was ended has no receipts to believe", func(r *harness.Record) {
			dead(r)
			disturbed(r, harness.FaultRestart, "backend1").Fault.Signal = "term"
			unseen(r, 0)
			r.Receipts.Spans[0].First = 1
		}, harness.Pass, "of 49 to 50", ""},
		{"a proxy that ended gracefully kept its log", func(r *harness.Record) {
			disturbed(r, harness.FaultRestart, "proxy2").Fault.Signal = "usr1"
			unseen(r, 0)
		}, harness.Fail, "doubled 1", ""},
		{"one that was told to end did not", func(r *harness.Record) {
			disturbed(r, harness.FaultRestart, "proxy2").Fault.Signal = "term"
			unseen(r, 0)
		}, harness.Pass, "49 to 50", ""},
		{"a proxy that was reloaded kept its log", func(r *harness.Record) { disturbed(r, harness.FaultReload, "proxy2"); unseen(r, 0) }, harness.Fail, "doubled 1", ""},
		{"one of several threads drops lines", func(r *harness.Record) { threads(r, 2); unseen(r, 0) }, harness.Pass, "49 to 50", ""},
		{"such a log may lack what the client saw", func(r *harness.Record) { threads(r, 2); charge(r, "proxylog", "c0001", 9) }, harness.Pass, "of 50 dynamic answers", ""},
		{"a proxy that ended by itself did not", func(r *harness.Record) { r.Failures = []harness.NodeFailure{{Node: "proxy1"}}; unseen(r, 0) }, harness.Pass, "49 to 50", ""},
	})
}

func TestChargedIsUnknownWhereEvidenceIsMissing(t *testing.T) {
	absent := func(r *harness.Record, name string) {
		delete(r.Ledgers, name)
		r.Absent = map[string]string{name: "it is gone"}
	}
	run(t, expecting("exact", "lost 0 doubled 0"), []judged{
		{"not settled and behind", func(r *harness.Record) { unsettled(r); charge(r, "tracker", "c0001", 9) },
			harness.Unknown, "the lab had not settled: proxy1: 3 sessions; so far of 50 dynamic answers tracker lost 1", ""},
		{"not settled but ahead", func(r *harness.Record) { unsettled(r); charge(r, "tracker", "c0001", 11) }, harness.Fail, "doubled 1", ""},
		{"not settled, so the log may have been read too early", func(r *harness.Record) { unsettled(r); unseen(r, 0) },
			harness.Unknown, "so far of 49 to 50 dynamic answers tracker lost 0 (wanted 0) and doubled 0", ""},
		{"not settled, so the attempt may have arrived late", func(r *harness.Record) { unsettled(r); unseen(r, 0); r.Receipts.Spans[0].First = 1 },
			harness.Unknown, "so far of 49 to 50 dynamic answers tracker lost 0 (wanted 0) and doubled 0", ""},
		{"no tracker at the end", func(r *harness.Record) { absent(r, "tracker") }, harness.Unknown, "no testimony of tracker (it is gone)", ""},
		{"tracker killed on purpose", func(r *harness.Record) {
			delete(r.Ledgers, "tracker")
			r.Settlement.LeftOut = []string{"tracker1 (killed on purpose)"}
		}, harness.Unknown, "tracker1 (killed on purpose) and could not be asked", ""},
		{"no proxies' log, and all is seen", func(r *harness.Record) { absent(r, "proxylog") }, harness.Pass, "lost 0", ""},
		{"no proxies' log, and not all is seen", func(r *harness.Record) { timeOut(r, 0); absent(r, "proxylog") },
			harness.Unknown, "the proxies' log did not testify (it is gone); so far of 49 to 50 dynamic answers", ""},
		{"no receipts, and not all is seen", func(r *harness.Record) { kill(r, "proxy1"); timeOut(r, 0); r.Receipts = nil }, harness.Unknown, "there are no receipts of the origin", ""},
		{"no receipts where the log knows all", func(r *harness.Record) { timeOut(r, 0); r.Receipts = nil }, harness.Pass, "lost 0", ""},
		{"client and proxies' log contradict each other", func(r *harness.Record) { charge(r, "proxylog", "c0001", 9) },
			harness.Unknown, "what is true is not known: the proxies' log contradicts the client on 1 customer", "c0001: the proxies' log says 9, the client 10"},
		{"the log knows more than was asked", func(r *harness.Record) { charge(r, "proxylog", "c0001", 12); charge(r, "tracker", "c0001", 12) },
			harness.Unknown, "contradicts the client", ""},
		{"trial that broke off", func(r *harness.Record) { r.Error = "lab is gone" }, harness.Unknown, "lab is gone", ""},
		{"trial that broke off, with attempts that nobody reported", func(r *harness.Record) { r.Error = "lab is gone"; charge(r, "tracker", "c0001", 11) },
			harness.Unknown, "lab is gone; so far of 50 dynamic answers tracker lost 0 (wanted 0) and doubled 1", ""},
		{"attempts that the driver never reported", func(r *harness.Record) { r.Driven.Offered = 101; charge(r, "tracker", "c0001", 11) },
			harness.Unknown, "1 of 101 attempts were never reported by the driver", ""},
		{"likewise, though the counts agree", func(r *harness.Record) { r.Driven.Offered = 101 }, harness.Unknown, "never reported", ""},
		{"no answer that the client saw", func(r *harness.Record) {
			kill(r, "proxy1")
			for i := range r.Attempts {
				timeOut(r, i)
			}
		}, harness.Unknown, "no dynamic answer is sure among 100 attempts", ""},
		{"interrupted", func(r *harness.Record) { r.Interrupted = true }, harness.Unknown, "interrupted", ""},
		{"no attempts", func(r *harness.Record) { r.Attempts = nil }, harness.Unknown, "no attempt was made", ""},
		{"nothing dynamic", func(r *harness.Record) {
			for i := range r.Attempts {
				r.Attempts[i].Dynamic = false
			}
			agree(r)
		}, harness.Unknown, "nothing to charge", ""},
		{"search", search, harness.Unknown, "a search", ""},
		{"no tracker in the topology", func(r *harness.Record) { delete(r.Cell.Scenario.Topology, harness.TierTracker) }, harness.Unknown, "no tracker counts, as trackers are off", ""},
		{"tracker that never was", func(r *harness.Record) {
			r.Cell.Scenario.Topology[harness.TierTracker] = harness.Tier{State: harness.TrackerAbsent}
		}, harness.Unknown, "trackers are absent", ""},
		{"nothing expected of the style", func(r *harness.Record) { plainKeys(r, "2.6.12") },
			harness.Unknown, "the scenario does not say what is expected of plain: add the option plain, such as plain: lost 0 doubled 0", ""},
	})
}

// threads gives the proxies so many.
func threads(rec *harness.Record, n int) {
	tier := rec.Cell.Scenario.Topology[harness.TierProxy]
	tier.Threads = n
	rec.Cell.Scenario.Topology[harness.TierProxy] = tier
}

func plainKeys(rec *harness.Record, version string) {
	tier := rec.Cell.Scenario.Topology[harness.TierProxy]
	tier.Keys = harness.KeysPlain
	rec.Cell.Scenario.Topology[harness.TierProxy] = tier
	rec.Nodes[0].Version = version
}

func TestChargedPicksTheExpectationOfStyleAndVersion(t *testing.T) {
	one := func(version string) func(*harness.Record) {
		return func(r *harness.Record) { plainKeys(r, version); charge(r, "tracker", "c0001", 9) }
	}
	run(t, expecting("exact", "lost 5", "plain", "lost 0", "plain@2.6", "lost 1"), []judged{
		{"the version's own", one("2.6.12"), harness.Pass, "lost 1 (wanted 1) and doubled 0 (wanted 0), with keys plain@2.6", ""},
		{"another version", one("3.0.11"), harness.Fail, "lost 1 (wanted 0)", ""},
		{"a version that begins alike", one("2.60.1"), harness.Fail, "with keys plain", ""},
		{"a version that nobody knows", one(""), harness.Fail, "lost 1 (wanted 0)", ""},
		{"the other style", nothing, harness.Fail, "lost 0 (wanted 5)", ""},
	})
}

func TestChargedFailsInEitherDirection(t *testing.T) {
	lose := func(n uint64) func(*harness.Record) {
		return func(r *harness.Record) { stopped(r, 56, 66, 76); charge(r, "tracker", "c0001", 10-n) }
	}
	run(t, expecting("exact", "lost 1..stopping"), []judged{
		{"the scenario's claim is wrong", lose(0), harness.Fail, "lost 0 (wanted 1..stopping, which is 1 to 3)", ""},
		{"as claimed", lose(1), harness.Pass, "lost 1 (wanted 1..stopping, which is 1 to 3)", ""},
		{"all", lose(3), harness.Pass, "lost 3", ""},
		{"more", lose(4), harness.Fail, "lost 4", ""},
		{"nobody was stopping", func(r *harness.Record) { charge(r, "tracker", "c0001", 9) }, harness.Fail, "wanted 1..stopping, which is 1 to 0", ""},
		{"the log does not tell", func(r *harness.Record) { lose(1)(r); r.Absent = map[string]string{harness.AbsentStopping: "old lines"} },
			harness.Unknown, "what stopping processes answered is not known: old lines", ""},
		{"no log", func(r *harness.Record) { lose(1)(r); delete(r.Ledgers, harness.WitnessProxyLog) }, harness.Unknown, "no testimony of the proxies' log", ""},
		{"a log that was cut off", func(r *harness.Record) { lose(1)(r); kill(r, "proxy2") }, harness.Unknown, "a proxy was ended at once", ""},
		{"a log of several threads", func(r *harness.Record) { lose(1)(r); threads(r, 2) }, harness.Unknown, "HAProxy with several threads drops lines of its log", ""},
		{"more than a record holds", func(r *harness.Record) { lose(1)(r); r.Stopping = make([]harness.StoppingAnswer, harness.MaxStopping) },
			harness.Unknown, "stopping processes gave 100,000 answers or more", ""},
	})
}

func TestChargedKnowsItsWords(t *testing.T) {
	set := func(r *harness.Record) {
		disturbed(r, harness.FaultSet, "proxy1").Amounts = map[string]uint64{"c0001": 7}
	}
	run(t, expecting("exact", "doubled set"), []judged{
		{"what was set", func(r *harness.Record) { set(r); charge(r, "tracker", "c0001", 17) }, harness.Pass, "lost 0 (wanted 0) and doubled 7 (wanted set, which is 7)",
			"c0001: tracker counts 17 of 10 dynamic answers and 7 that were set"},
		{"set twice", func(r *harness.Record) { set(r); set(r); charge(r, "tracker", "c0001", 24) }, harness.Pass, "doubled 14 (wanted set, which is 14)", ""},
		{"an answer is lost behind what was set", func(r *harness.Record) { set(r); charge(r, "tracker", "c0001", 16) },
			harness.Fail, "lost 1 (wanted 0) and doubled 6", "c0001: tracker counts 16 of 10 dynamic answers and 7 that were set, 1 lost: likely"},
		{"another customer's loss", func(r *harness.Record) { set(r); charge(r, "tracker", "c0001", 17); charge(r, "tracker", "c0002", 9) },
			harness.Fail, "lost 1 (wanted 0) and doubled 7", ""},
		{"nothing of it counts", set, harness.Fail, "lost 7 (wanted 0) and doubled 0", ""},
		{"somebody who never asked", func(r *harness.Record) {
			disturbed(r, harness.FaultSet, "proxy1").Amounts = map[string]uint64{"c0009": 7}
		}, harness.Fail, "lost 7", "c0009: tracker counts 0 of 0 dynamic answers and 7 that were set, 7 lost"},
		{"one more", func(r *harness.Record) { set(r); charge(r, "tracker", "c0001", 18) }, harness.Fail, "doubled 8", "and 7 that were set, 1 too many"},
		{"an answer that the client did not see, counted", func(r *harness.Record) {
			set(r)
			kill(r, "proxy2")
			unseen(r, 6)
			charge(r, "tracker", "c0001", 17)
		}, harness.Pass, "of 49 to 50 dynamic answers tracker lost 0 (wanted 0) and doubled 7", ""},
		{"likewise, not counted", func(r *harness.Record) {
			set(r)
			kill(r, "proxy2")
			unseen(r, 6)
			charge(r, "tracker", "c0001", 16)
		}, harness.Pass, "of 49 to 50 dynamic answers tracker lost 0 (wanted 0) and doubled 7", ""},
	})
	run(t, expecting("exact", "doubled 0..set"), []judged{
		{"a range of what was set hides no loss", func(r *harness.Record) { set(r); charge(r, "tracker", "c0001", 16) }, harness.Fail, "lost 1 (wanted 0)", ""},
	})
	run(t, expecting("exact", "lost all"), []judged{
		{"nothing is left", func(r *harness.Record) { r.Ledgers["tracker"] = harness.Ledger{} }, harness.Pass, "lost 50 (wanted all, which is 50)", ""},
		{"one is left", func(r *harness.Record) { r.Ledgers["tracker"] = harness.Ledger{"c0001": {Sure: 1}} }, harness.Fail, "lost 49", ""},
	})
	// Dynamic attempts end at 3 ms, 23 ms, 43 ms …: 15 of them from 350 ms to 650 ms,
	// 13 until 610 ms.
	near := func(r *harness.Record) {
		for _, at := range []time.Duration{450 * ms, 500 * ms} {
			disturbed(r, harness.FaultClear, "proxy1").Began = at
		}
		r.Disturbances[1].Ended = 550 * ms
	}
	run(t, expecting("exact", "lost 0..after"), []judged{
		{"since the first fault", near, harness.Pass, "which is 0 to 27)", ""},
		{"no fault", nothing, harness.Pass, "(wanted 0..after, which is 0)", ""},
	})
	run(t, expecting("exact", "lost 0..near(100ms)"), []judged{
		{"within", near, harness.Pass, "which is 0 to 15)", ""},
		{"an attempt that the client did not see is one too", func(r *harness.Record) { near(r); timeOut(r, 50) }, harness.Pass, "which is 0 to 15)", ""},
		{"a sham is no fault", func(r *harness.Record) { near(r); r.Disturbances[1].Sham = true }, harness.Pass, "which is 0 to 13)", ""},
		{"no fault", nothing, harness.Pass, "(wanted 0..near(100ms), which is 0)", ""},
	})
}

func TestChargedJudgesEachTracker(t *testing.T) {
	two := func(r *harness.Record) {
		r.Cell.Scenario.Topology[harness.TierTracker] = harness.Tier{Count: 2}
		r.Ledgers["tracker1"] = r.Ledgers["tracker"]
		r.Ledgers["tracker2"] = harness.ClientLedger(r.Attempts)
		delete(r.Ledgers, "tracker")
	}
	run(t, expecting("exact", "lost 0..3"), []judged{
		{"both", two, harness.Pass, "tracker1 lost 0 (wanted 0..3, which is 0 to 3) and doubled 0 (wanted 0); of 50 dynamic answers tracker2 lost 0", ""},
		{"one is wrong", func(r *harness.Record) { two(r); charge(r, "tracker2", "c0001", 5) }, harness.Fail, "tracker2 lost 5", "c0001: tracker2 counts 5 of 10"},
		{"they disagree", func(r *harness.Record) { two(r); charge(r, "tracker2", "c0001", 9) },
			harness.Fail, "tracker1 and tracker2 disagree on 1 customer, though nobody disturbed them", "c0001: tracker1 says 10, tracker2 says 9"},
		{"they may, if one was disturbed", func(r *harness.Record) {
			two(r)
			charge(r, "tracker2", "c0001", 9)
			disturbed(r, harness.FaultCut, "tracker2")
		},
			harness.Pass, "tracker2 lost 1", ""},
		{"they may, if a proxy was disturbed, which tells each by itself", func(r *harness.Record) {
			two(r)
			charge(r, "tracker2", "c0001", 9)
			kill(r, "proxy1")
		},
			harness.Pass, "tracker2 lost 1", ""},
		{"a sham disturbs nobody", func(r *harness.Record) {
			two(r)
			charge(r, "tracker2", "c0001", 9)
			disturbed(r, harness.FaultCut, "tracker2").Sham = true
		}, harness.Fail, "disagree", ""},
		{"one is dead on purpose", func(r *harness.Record) {
			two(r)
			delete(r.Ledgers, "tracker2")
			kill(r, "tracker2")
			r.Settlement.LeftOut = []string{"tracker2 (killed on purpose)"}
		}, harness.Pass, "tracker1 lost 0 (wanted 0..3, which is 0 to 3) and doubled 0 (wanted 0); tracker2 (killed on purpose) and could not be asked", ""},
		{"one is silent", func(r *harness.Record) { two(r); delete(r.Ledgers, "tracker2") }, harness.Unknown, "no testimony of tracker2", ""},
	})
}

func TestChargedNamesTheLikelyAttempts(t *testing.T) {
	run(t, expecting("exact", "lost 0..9 doubled 0..9"), []judged{
		{"exactly as many as the stopping worker gave", func(r *harness.Record) { stopped(r, 56); charge(r, "tracker", "c0001", 9) }, harness.Pass, "",
			"c0001: tracker counts 9 of 10 dynamic answers, 1 lost: attempt 56 of c0001, answered by the stopping worker 63ms after the reload of proxy1"},
		{"the stopping worker gave more", func(r *harness.Record) { stopped(r, 56, 66); charge(r, "tracker", "c0001", 9) }, harness.Pass, "",
			"1 lost: likely attempt 56 of c0001, answered by the stopping worker 63ms after the reload of proxy1 (one of 2)"},
		{"the stopping worker gave fewer", func(r *harness.Record) { stopped(r, 56); charge(r, "tracker", "c0001", 8) }, harness.Pass, "",
			"2 lost: likely attempt 56 of c0001, answered by the stopping worker 63ms after the reload of proxy1; likely attempt 46 of c0001, answered 37ms before the reload of proxy1 (one of 9)"},
		{"no stopping worker", func(r *harness.Record) { disturbed(r, harness.FaultCut, "tracker1"); charge(r, "tracker", "c0001", 11) }, harness.Pass, "",
			"1 too many: likely attempt 46 of c0001, answered 37ms before the cut of tracker1 (one of 10)"},
		{"a web node's fault costs no count", func(r *harness.Record) { disturbed(r, harness.FaultSlow, "backend1"); charge(r, "tracker", "c0001", 9) },
			harness.Pass, "", "no answer of a stopping process"},
		{"more than ended near the fault", func(r *harness.Record) {
			disturbed(r, harness.FaultClear, "proxy1").Ended = -700 * ms
			r.Disturbances[0].Began = -800 * ms
			charge(r, "tracker", "c0001", 6)
		}, harness.Pass, "", "4 lost: likely attempt 6 of c0001, answered 863ms after the clear of proxy1; likely attempt 16 of c0001, answered 963ms after the clear of proxy1; likely attempt 26 of c0001, answered 1.1s after the clear of proxy1; and 1 more"},
		{"many", func(r *harness.Record) { stopped(r, 56, 66, 76, 86, 96); charge(r, "tracker", "c0001", 5) }, harness.Pass, "", "; and 2 more"},
		{"more than there are suspects", func(r *harness.Record) { disturbed(r, harness.FaultCut, "tracker1"); charge(r, "tracker", "c0001", 19) }, harness.Pass, "", "and 6 more"},
	})
}

func TestChargedTellsTheResultWhatItFound(t *testing.T) {
	rec := good()
	stopped(rec, 56, 66)
	charge(rec, "tracker", "c0001", 9)
	judge, err := New(expecting("exact", "lost 0..stopping"))
	if err != nil {
		t.Fatal(err)
	}
	got := judge.(harness.Check).Judge(rec).Charges
	want := []harness.Charge{{
		Tracker: "tracker", Truth: harness.Tally{Sure: 50}, Counted: 49, Lost: 1,
		LostRange: harness.Range{High: 2, Text: "0..stopping"}, DoubledRange: harness.Range{Text: "0"},
		Explained: []harness.Explained{{Customer: "c0001", Seq: 56, Cause: "answered by the stopping worker 63ms after the reload of proxy1", Of: 2}},
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestExplanationsAreBounded(t *testing.T) {
	rec := good()
	disturbed(rec, harness.FaultClear, "proxy1")
	rec.Disturbances[0].Began, rec.Disturbances[0].Ended = 0, time.Second
	for i := range 300 {
		a := rec.Attempts[0]
		a.Seq = uint64(1000 + i)
		rec.Attempts = append(rec.Attempts, a)
	}
	agree(rec)
	rec.Ledgers["tracker"] = harness.Ledger{}
	v := charged{expect: map[string]expectation{"exact": {}}}.Judge(rec)
	if c := v.Charges[0]; len(c.Explained) != harness.MaxFindings || c.Omitted != 350-harness.MaxFindings || c.Lost != 350 {
		t.Errorf("%d explained, %d omitted, %d lost", len(c.Explained), c.Omitted, c.Lost)
	}
}

// TestLostAndDoubledMatchANaiveCount assigns counts by chance and compares with
// what a loop over customers says.
func TestLostAndDoubledMatchANaiveCount(t *testing.T) {
	const seed = 11
	random := rand.New(rand.NewPCG(seed, 0))
	for round := range 300 {
		rec := good()
		kill(rec, "proxy1") // so that intervals stay intervals
		for range random.IntN(30) {
			timeOut(rec, random.IntN(len(rec.Attempts)))
		}
		rec.Receipts.Spans = []harness.Span{{First: uint64(random.IntN(50)), Last: 50 + uint64(random.IntN(50))}}
		counts := harness.Ledger{}
		for i := range 8 { // c0005 to c0007 never asked
			if random.IntN(4) > 0 {
				counts[fmt.Sprintf("c%04d", i)] = harness.Tally{Sure: uint64(random.IntN(14))}
			}
		}
		rec.Ledgers["tracker"] = counts
		want := naiveCharge(rec, counts)
		v := charged{expect: map[string]expectation{"exact": {}}}.Judge(rec)
		got := v.Charges[0]
		if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(harness.Charge{}, "Explained", "Omitted", "LostRange", "DoubledRange")); diff != "" {
			t.Fatalf("seed %d round %d: %s", seed, round, diff)
		}
		if exact := want.Lost+want.Doubled == 0; exact != (v.Status == harness.Pass) {
			t.Fatalf("seed %d round %d: %s with %d lost and %d doubled", seed, round, v.Sentence, want.Lost, want.Doubled)
		}
	}
}

// naiveCharge counts attempts customer by customer.
func naiveCharge(rec *harness.Record, counts harness.Ledger) harness.Charge {
	c := harness.Charge{Tracker: "tracker"}
	span := rec.Receipts.Spans[0]
	for i := range 8 {
		key := fmt.Sprintf("c%04d", i)
		var low, high uint64
		for _, a := range rec.Attempts {
			if a.Key != key || !a.Dynamic {
				continue
			}
			if a.Outcome == harness.OK {
				low, high = low+1, high+1
			} else if a.Seq >= span.First && a.Seq <= span.Last {
				high++
			}
		}
		n := counts[key].Sure
		c.Truth.Sure, c.Truth.Unsure, c.Counted = c.Truth.Sure+low, c.Truth.Unsure+high-low, c.Counted+n
		if n < low {
			c.Lost += low - n
		}
		if n > high {
			c.Doubled += n - high
		}
	}
	return c
}

// TestTheNearestFaultIsTheNearest compares with a look at all faults, for faults by
// chance.
func TestTheNearestFaultIsTheNearest(t *testing.T) {
	const seed = 3
	random := rand.New(rand.NewPCG(seed, 0))
	for round := range 500 {
		var played []harness.Disturbance
		for range random.IntN(8) {
			began := time.Duration(random.IntN(100))
			played = append(played, harness.Disturbance{Fault: harness.Fault{Node: "proxy1"}, Began: began, Ended: began + time.Duration(random.IntN(30))})
		}
		done := time.Duration(random.IntN(120))
		least := time.Duration(-1)
		for _, d := range played {
			if away := max(d.Began-done, done-d.Ended, 0); least < 0 || away < least {
				least = away
			}
		}
		found, distance := costly(played).nearest(suspect{done: done})
		if (found == nil) != (len(played) == 0) || found != nil && (distance != least || max(found.Began-done, done-found.Ended, 0) != least) {
			t.Fatalf("seed %d round %d: %v at %v, the least is %v", seed, round, found, distance, least)
		}
	}
}
