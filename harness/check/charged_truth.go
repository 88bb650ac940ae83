package check

import (
	"fmt"
	"maps"
	"slices"

	"github.com/haproof/haproof/harness"
	"github.com/haproof/haproof/harness/witness"
)

// truth is how often each customer was to be charged, as far as anybody but a
// tracker can know. A tally of 3 sure and 1 unsure is the interval from 3 to 4.
type truth struct {
	ledger harness.Ledger
	odd    findings // customers on whom the proxies' log contradicts the client
	why    string   // what is missing to trust an interval that is not a point; empty for nothing
}

// truthOf joins three witnesses. Answers that the client saw are sure. An attempt
// whose client saw no answer, having left for example, is unsure, unless it never
// arrived at an origin. What the proxies' log says lies within that and leaves nothing
// unsure, but for one that may lack lines, see logLacks. In a lab
// that had not settled, what origins and logs did not have may have come before the
// tracker was asked: whatever the client is unsure of stays so.
func truthOf(rec *harness.Record) truth {
	t := truth{ledger: harness.Ledger{}}
	for i := range rec.Attempts {
		a := &rec.Attempts[i]
		tally := t.ledger[a.Key]
		switch {
		case answered(a):
			tally.Sure++
		case mayBeCharged(rec, a):
			tally.Unsure++
		default:
			continue
		}
		t.ledger[a.Key] = tally
	}
	log, testified := rec.Ledgers[harness.WitnessProxyLog]
	switch {
	case !rec.Settlement.Settled || logLacks(rec) != "":
	case testified:
		t.narrow(log)
	case t.ledger.Total().Unsure > 0:
		t.why = "the proxies' log did not testify (" + whyAbsent(rec, harness.WitnessProxyLog) + ")"
	}
	if t.ledger.Total().Unsure > 0 && rec.Receipts == nil {
		t.why = "there are no receipts of the origin (" + whyNoReceipts(rec) + ")"
	}
	return t
}

// narrow makes each interval the point that the log says, which must lie in it.
func (t *truth) narrow(log harness.Ledger) {
	keys := maps.Clone(t.ledger)
	maps.Copy(keys, log)
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		seen, logged := t.ledger[key], log[key].Sure
		if logged < seen.Sure || logged > seen.Sure+seen.Unsure {
			t.odd.add(key, "the proxies' log says %s, the client %s", num(logged), tally(seen))
			continue
		}
		t.ledger[key] = harness.Tally{Sure: logged}
	}
}

// answered says whether the client itself saw a dynamic answer that is charged.
func answered(a *harness.Attempt) bool {
	return a.Key != "" && a.Dynamic && a.Outcome == harness.OK && a.Seq < witness.FirstProbe
}

// mayBeCharged says whether PHP may have answered an attempt without the client
// seeing it. A web node that was ended may have lost lines of its log, so that its
// receipts prove nothing of who did not arrive.
func mayBeCharged(rec *harness.Record, a *harness.Attempt) bool {
	if a.Key == "" || !a.Dynamic || a.Outcome != harness.Indeterminate || a.Seq >= witness.FirstProbe {
		return false
	}
	return !rec.Settlement.Settled || rec.Receipts == nil || ended(rec, harness.TierBackend) || arrived(rec.Receipts.Spans, a.Seq)
}

// logLacks says why the proxies' log may lack lines; empty if it may not. HAProxy drops
// a line while another thread writes one: fd_write_frag_line in its src/fd.c.
func logLacks(rec *harness.Record) string {
	switch {
	case cutOff(rec):
		return "a proxy was ended at once, and the last lines of its log may be lost"
	case rec.Cell.Scenario.Topology[harness.TierProxy].Threads > 1:
		return "HAProxy with several threads drops lines of its log"
	}
	return ""
}

// cutOff says whether a proxy ended at once, so that its last lines may be missing in
// its log: only USR1 lets it finish what it has begun.
func cutOff(rec *harness.Record) bool {
	return hit(rec, harness.TierProxy, func(f harness.Fault) bool {
		return f.Do == harness.FaultKill || f.Do == harness.FaultRestart && f.Signal != "usr1"
	})
}

// ended says whether a node of the tier ended in any way, if only for a while.
func ended(rec *harness.Record, tier string) bool {
	return hit(rec, tier, func(f harness.Fault) bool { return f.Do == harness.FaultKill || f.Do == harness.FaultRestart })
}

// hit says whether a fault like that was played on a node of the tier, or one died
// by itself.
func hit(rec *harness.Record, tier string, like func(harness.Fault) bool) bool {
	return slices.ContainsFunc(rec.Disturbances, func(d harness.Disturbance) bool {
		return d.Fault.Tier() == tier && played(d) && like(d.Fault)
	}) || slices.ContainsFunc(rec.Nodes, func(n harness.Node) bool { return n.Tier == tier && died(rec, n.Name) })
}

// died says whether a node ended by itself.
func died(rec *harness.Record, node string) bool {
	return slices.ContainsFunc(rec.Failures, func(f harness.NodeFailure) bool { return f.Node == node })
}

// played says whether anything may have been done: a sham only takes time, a fault
// that never began has no times, and one that chance chose may have found nobody.
func played(d harness.Disturbance) bool {
	return !d.Sham && (d.Error == "" || d.Ended != 0 && !d.Fault.Drawn)
}

// whyAbsent says why a witness did not testify.
func whyAbsent(rec *harness.Record, name string) string {
	if why := rec.Absent[name]; why != "" {
		return why
	}
	return "it was never asked"
}

// contradicted is the verdict on a truth that witnesses do not agree on.
func (t *truth) contradicted() (harness.Verdict, bool) {
	n := uint64(len(t.odd.list) + t.odd.omitted)
	if n == 0 {
		return harness.Verdict{}, false
	}
	return t.odd.on(unknown("what is true is not known: the proxies' log contradicts the client on %s", count(n, "customer", "customers"))), true
}

// interval writes a truth: 100, or 100 to 103.
func interval(t harness.Tally) string {
	if t.Unsure == 0 {
		return count(t.Sure, "dynamic answer", "dynamic answers")
	}
	return fmt.Sprintf("%s to %s dynamic answers", num(t.Sure), num(t.Sure+t.Unsure))
}
