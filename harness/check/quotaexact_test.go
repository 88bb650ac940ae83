package check

import (
	"fmt"
	"strings"
	"testing"

	"github.com/haproof/haproof/harness"
)

func TestQuotaExactWantsAllWitnessesToAgreeOnEveryCustomer(t *testing.T) {
	run(t, harness.CheckSpec{Name: "quota-exact"}, []judged{
		{"all agree", nothing, harness.Pass, "5 witnesses agree on 50 dynamic answers of 5 customers", ""},
		{"tracker misses one", func(r *harness.Record) { charge(r, "tracker", "c0003", 9) },
			harness.Fail, "1 customer, 0 of them overcharged: client 50, origin 50, sticktable 50, proxylog 50, tracker 49",
			"c0003: client 10, origin 10, sticktable 10, proxylog 10, tracker 9 (1 too few)"},
		{"table counts one more", func(r *harness.Record) { charge(r, "sticktable", "c0001", 11) },
			harness.Fail, "1 customer, 1 of them overcharged", "c0001: client 10, origin 10, sticktable 11 (1 too many)"},
		{"differences that cancel out", func(r *harness.Record) { charge(r, "tracker", "c0001", 9); charge(r, "tracker", "c0002", 11) },
			harness.Fail, "2 customers, 1 of them overcharged", "c0002: "},
		{"customer that nobody asked for", func(r *harness.Record) { charge(r, "tracker", "c0999", 1) },
			harness.Fail, "overcharged", "c0999: client 0, origin 0, sticktable 0, proxylog 0, tracker 1 (1 too many)"},
		{"customer that one witness never saw", func(r *harness.Record) { delete(r.Ledgers["origin"], "c0004") },
			harness.Fail, "origin 40", "c0004: client 10, origin 0 (10 too few)"},
		{"entry that was never charged", func(r *harness.Record) { charge(r, "sticktable", "c0999", 0) },
			harness.Pass, "5 witnesses", ""},
		{"witness that saw nothing", func(r *harness.Record) { r.Ledgers["proxylog"] = harness.Ledger{} },
			harness.Fail, "5 customers", "c0000: "},
		{"another witness that disagrees", func(r *harness.Record) { r.Ledgers["balance"] = harness.Ledger{"c0001": {Sure: 3}} },
			harness.Fail, "balance 3", ""},
		{"client overlooks an answer", func(r *harness.Record) { r.Attempts[0].Dynamic = false },
			harness.Fail, "overcharged", "c0000: client 9, origin 10 (1 too many)"},
	})
}

func TestQuotaExactIsUnknownWhereNothingIsProved(t *testing.T) {
	quietly := func(r *harness.Record, i int) { timeOut(r, i); agreeOnSure(r) }
	run(t, harness.CheckSpec{Name: "quota-exact"}, []judged{
		{"timeout that nobody counted", func(r *harness.Record) { quietly(r, 0) },
			harness.Unknown, "beside 49 sure charges 1 is unsure", "c0000: client is sure of 9 and unsure of 1"},
		{"timeout that everybody counted", func(r *harness.Record) { timeOut(r, 0) }, harness.Unknown, "1 is unsure", ""},
		{"timeout that was counted twice", func(r *harness.Record) { timeOut(r, 0); charge(r, "tracker", "c0000", 11) },
			harness.Fail, "1 of them overcharged", "client 9 to 10"},
		{"witness that is unsure", func(r *harness.Record) { r.Ledgers["tracker"]["c0001"] = harness.Tally{Sure: 9, Unsure: 1} },
			harness.Unknown, "1 is unsure", ""},
		{"not settled", unsettled, harness.Unknown, "had not settled: proxy1: 3 sessions", ""},
		{"not settled and behind", func(r *harness.Record) { unsettled(r); charge(r, "tracker", "c0001", 9) }, harness.Unknown, "had not settled", ""},
		{"not settled but ahead", func(r *harness.Record) { unsettled(r); charge(r, "tracker", "c0001", 11) }, harness.Fail, "overcharged", ""},
		{"absent witness", func(r *harness.Record) {
			delete(r.Ledgers, "tracker")
			r.Absent = map[string]string{"tracker": "connection refused"}
		}, harness.Unknown, "no testimony of tracker (connection refused)", ""},
		{"witness that was never asked", func(r *harness.Record) { delete(r.Ledgers, "proxylog") },
			harness.Unknown, "no testimony of proxylog (it was never asked)", ""},
		{"absent witness while another disagrees", func(r *harness.Record) { delete(r.Ledgers, "proxylog"); charge(r, "tracker", "c0001", 9) },
			harness.Fail, "disagree", ""},
		{"no attempts", func(r *harness.Record) { r.Attempts = nil; agree(r) }, harness.Unknown, "no attempt was made", ""},
		{"nothing dynamic", func(r *harness.Record) {
			for i := range r.Attempts {
				r.Attempts[i].Dynamic = false
			}
			agree(r)
		}, harness.Unknown, "no dynamic answer among 100 attempts", ""},
		{"search", search, harness.Unknown, "a search", ""},
		{"past the proxy", func(r *harness.Record) { r.Cell.Scenario.Workload.Route = harness.RouteDirect }, harness.Unknown, "no attempt passed a proxy", ""},
		{"no proxy at all", func(r *harness.Record) { delete(r.Cell.Scenario.Topology, harness.TierProxy) }, harness.Unknown, "no attempt passed a proxy", ""},
		{"trial that broke off", func(r *harness.Record) { r.Error = "lab is gone" }, harness.Unknown, "lab is gone", ""},
		{"interrupted trial", func(r *harness.Record) { r.Interrupted = true }, harness.Unknown, "the trial was interrupted", ""},
		{"interrupted trial that overcharged", func(r *harness.Record) { r.Interrupted = true; charge(r, "tracker", "c0001", 11) },
			harness.Fail, "overcharged", ""},
	})
}

func TestQuotaExactKnowsWhatFaultsMakeOthersForget(t *testing.T) {
	lose := func(r *harness.Record, witness string) { charge(r, witness, "c0001", 8) }
	retry := func(r *harness.Record) {
		tier := r.Cell.Scenario.Topology[harness.TierProxy]
		tier.Retry = true
		r.Cell.Scenario.Topology[harness.TierProxy] = tier
		r.Receipts.Repeats = map[uint64]uint64{6: 3, 7: 2} // 7 is not dynamic
	}
	run(t, harness.CheckSpec{Name: "quota-exact"}, []judged{
		{"a proxy that was started again lost its table", func(r *harness.Record) {
			disturbed(r, harness.FaultRestart, "proxy1").Fault.Signal = "term"
			lose(r, "sticktable")
		},
			harness.Pass, "4 witnesses agree on 50 dynamic answers of 5 customers; too few are no fault of sticktable 48, as a proxy lost its table", ""},
		{"a table that was cleared", func(r *harness.Record) { disturbed(r, harness.FaultClear, "proxy1"); lose(r, "sticktable") }, harness.Pass, "a proxy lost its table", ""},
		{"it may not know too much", func(r *harness.Record) { kill(r, "proxy1"); charge(r, "sticktable", "c0001", 11) }, harness.Fail, "overcharged", "sticktable 11 (1 too many)"},
		{"a reload keeps the table", func(r *harness.Record) { disturbed(r, harness.FaultReload, "proxy1"); lose(r, "sticktable") }, harness.Fail, "sticktable 48", "2 too few"},
		{"a sham takes nothing", func(r *harness.Record) { disturbed(r, harness.FaultClear, "proxy1").Sham = true; lose(r, "sticktable") }, harness.Fail, "sticktable 48", ""},
		{"a stopping process logs for the tracker", func(r *harness.Record) {
			stopped(r, 56, 66, 76)
			r.Stopping[0].Drained, r.Stopping[1].Drained = true, true
			lose(r, "sticktable")
		}, harness.Pass, "5 witnesses agree", ""},
		{"what it counted is in the table", func(r *harness.Record) { stopped(r, 56, 66); r.Stopping[0].Drained = true; lose(r, "sticktable") }, harness.Fail, "sticktable 49", ""},
		{"what it logged is not known", func(r *harness.Record) {
			disturbed(r, harness.FaultReload, "proxy1")
			r.Absent = map[string]string{harness.AbsentStopping: "old lines"}
			lose(r, "sticktable")
		}, harness.Pass, "sticktable 48, as nobody knows what a stopping process logged", ""},
		{"nobody stopped, so there is nothing to know", func(r *harness.Record) {
			r.Absent = map[string]string{harness.AbsentStopping: "old lines"}
			lose(r, "sticktable")
		}, harness.Fail, "sticktable 48", ""},
		{"several threads drop lines", func(r *harness.Record) { threads(r, 4); lose(r, "proxylog") }, harness.Pass, "proxylog 48, as HAProxy with several threads drops lines", ""},
		{"they never write too many", func(r *harness.Record) { threads(r, 4); charge(r, "proxylog", "c0001", 11) }, harness.Fail, "overcharged", ""},
		{"a proxy that was killed lost lines", func(r *harness.Record) { kill(r, "proxy1"); lose(r, "proxylog") }, harness.Pass, "proxylog 48, as a proxy was ended at once", ""},
		{"one that ended gracefully did not", func(r *harness.Record) {
			disturbed(r, harness.FaultRestart, "proxy1").Fault.Signal = "usr1"
			lose(r, "proxylog")
		},
			harness.Fail, "proxylog 48", ""},
		{"a web node that was ended lost lines", func(r *harness.Record) { kill(r, "backend1"); lose(r, "origin") }, harness.Pass, "origin 48, as a web node was ended", ""},
		{"its end is no excuse for the tracker", func(r *harness.Record) { kill(r, "backend1"); lose(r, "tracker") }, harness.Fail, "tracker 48", ""},
		{"HAProxy tried again", func(r *harness.Record) { retry(r); charge(r, "origin", "c0001", 12) }, harness.Pass, "5 witnesses agree", ""},
		{"it tried again what a web node did not get to answer", retry, harness.Pass, "5 witnesses agree", ""},
		{"more than it tried again", func(r *harness.Record) { retry(r); charge(r, "origin", "c0001", 13) }, harness.Fail, "overcharged", "origin 11 to 13 (1 too many)"},
		{"the tracker counted both", func(r *harness.Record) { retry(r); charge(r, "tracker", "c0001", 12) }, harness.Fail, "overcharged", "tracker 12 (2 too many)"},
	})
}

// agreeOnSure lets the other witnesses count only what the client is sure of.
func agreeOnSure(rec *harness.Record) {
	agree(rec)
	for _, ledger := range rec.Ledgers {
		for key, t := range ledger {
			ledger[key] = harness.Tally{Sure: t.Sure}
		}
	}
}

func TestQuotaExactSaysThatThereIsNoTracker(t *testing.T) {
	run(t, harness.CheckSpec{Name: "quota-exact"}, []judged{{"no tracker", func(r *harness.Record) {
		delete(r.Cell.Scenario.Topology, harness.TierTracker)
		delete(r.Ledgers, "tracker")
	}, harness.Pass, "4 witnesses agree on 50 dynamic answers of 5 customers (the topology has no tracker)", ""}})
}

func TestQuotaExactWantsEveryTracker(t *testing.T) {
	two := func(r *harness.Record) {
		r.Cell.Scenario.Topology[harness.TierTracker] = harness.Tier{Count: 2}
		r.Ledgers["tracker1"] = r.Ledgers["tracker"]
		delete(r.Ledgers, "tracker")
	}
	run(t, harness.CheckSpec{Name: "quota-exact"}, []judged{
		{"one of two", two, harness.Unknown, "no testimony of tracker2", ""},
		{"both", func(r *harness.Record) { two(r); r.Ledgers["tracker2"] = r.Ledgers["tracker1"] }, harness.Pass, "6 witnesses", ""},
	})
}

func TestFindingsAreCapped(t *testing.T) {
	rec := good()
	for i := range 80 {
		charge(rec, "tracker", fmt.Sprintf("x%04d", i), 1)
	}
	v := quotaExact{}.Judge(rec)
	if len(v.Findings) != harness.MaxFindings || v.Omitted != 30 || !strings.Contains(v.Sentence, "80 customers") {
		t.Errorf("%d findings, %d omitted: %s", len(v.Findings), v.Omitted, v.Sentence)
	}
}
