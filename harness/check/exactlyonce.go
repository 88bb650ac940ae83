package check

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/haproof/haproof/harness"
	"github.com/haproof/haproof/harness/witness"
)

var _ = register("exactly-once", func(*options) harness.AnyCheck { return exactlyOnce{} })

// exactlyOnce joins the client's attempts with the origin's receipts by sequence
// id. An answered attempt without a receipt is a loss, a receipt without an
// attempt that could have caused it is a ghost, a second receipt is a replay:
// each is a failure. Indeterminate attempts are resolved by their receipts and
// named. An error that the proxy answered by itself never reached an origin and
// is not a loss; no-errors counts it. An attempt that the proxy denied must not
// have arrived.
type exactlyOnce struct{}

var _ harness.Check = exactlyOnce{}

func (exactlyOnce) Name() string { return "exactly-once" }

func (c exactlyOnce) Judge(rec *harness.Record) harness.Verdict {
	return named(c.Name(), c.judge(rec))
}

func (exactlyOnce) judge(rec *harness.Record) harness.Verdict {
	switch {
	case searches(rec):
		return unknown("a search has no receipts")
	case len(rec.Attempts) == 0:
		return unknown("no attempt was made")
	case rec.Receipts == nil:
		return unknown("no receipts of the origin: %s", whyNoReceipts(rec))
	}
	j := join(rec)
	switch {
	case j.ghosts > 0 || j.replays > 0 || (j.losses > 0 && rec.Settlement.Settled):
		return j.findings.on(fail("%s", j.counts()))
	case j.unlogged > 0:
		return j.findings.on(unknown("%s: a web node was ended, and the last lines of its log may be lost", j.counts()))
	case j.beyond > 0:
		return j.findings.on(unknown("%s are beyond %s and have no receipts", count(j.beyond, "sequence id", "sequence ids"), num(witness.MaxSeq)))
	case !rec.Settlement.Settled:
		return j.findings.on(unknown("the lab had not settled: %s; so far %s", strings.Join(rec.Settlement.Missing, "; "), j.counts()))
	case cutShort(rec) != "":
		return j.findings.on(unknown("%s; so far %s", cutShort(rec), j.agreement()))
	case j.attempts < wanted(rec):
		return j.findings.on(unknown("%s of %s were never reported by the driver", num(wanted(rec)-j.attempts),
			count(wanted(rec), "attempt", "attempts")))
	case j.matched == 0:
		return j.findings.on(unknown("not one of %s arrived%s", count(j.attempts, "attempt", "attempts"), j.notes()))
	}
	return j.findings.on(pass("%s", j.agreement()))
}

func whyNoReceipts(rec *harness.Record) string {
	for _, name := range []string{harness.WitnessOrigin, harness.WitnessOrigin + " receipts"} {
		if why := rec.Absent[name]; why != "" {
			return why
		}
	}
	return "it was never asked"
}

// joined is what the join found.
type joined struct {
	receipts harness.Receipts
	seen     witness.IDSet

	attempts, matched                      uint64
	losses, ghosts, replays, beyond        uint64
	arrived, notArrived, byProxy, received uint64
	denied, again, unlogged, shed          uint64
	retries, forgot                        bool // what faults and options excuse
	findings                               findings
}

// join needs one bit per attempt beside the record, and time in proportion.
func join(rec *harness.Record) *joined {
	j := &joined{
		receipts: *rec.Receipts,
		retries:  rec.Cell.Scenario.Topology[harness.TierProxy].Retry,
		forgot:   ended(rec, harness.TierBackend),
	}
	for i := range rec.Attempts {
		j.attempt(&rec.Attempts[i])
	}
	j.repeats()
	j.unasked()
	return j
}

func (j *joined) attempt(a *harness.Attempt) {
	switch {
	case a.Seq >= witness.FirstProbe:
		return
	case a.Seq >= witness.MaxSeq:
		j.beyond++
		return
	}
	j.attempts++
	if !j.seen.Add(a.Seq) {
		j.replays++
		j.findings.add(id(a.Seq), "reported twice by the driver")
		return
	}
	received := arrived(j.receipts.Spans, a.Seq)
	if received {
		j.matched++
	}
	if a.Cause == harness.CauseShed {
		j.shed++
	}
	j.outcome(a, received)
}

func (j *joined) outcome(a *harness.Attempt, received bool) {
	switch {
	case a.Cause == harness.CauseDenied && received:
		j.ghosts++
		j.findings.add(id(a.Seq), "denied by the proxy, but an origin logged it")
	case a.Cause == harness.CauseDenied:
		j.denied++
	case a.Outcome == harness.OK && !received && byProxy(a):
		j.byProxy++
	case a.Outcome == harness.OK && !received && j.forgot:
		j.unlogged++
		j.findings.add(id(a.Seq), "answered with status %d, but no origin logged it, as a web node was ended", a.Status)
	case a.Outcome == harness.OK && !received:
		j.losses++
		j.findings.add(id(a.Seq), "answered with status %d, but no origin logged it", a.Status)
	case a.Outcome == harness.Failed && received:
		j.ghosts++
		j.findings.add(id(a.Seq), "failed for certain (%s), but an origin logged it", a.Cause)
	case a.Outcome == harness.Indeterminate && received:
		j.arrived++
		j.findings.add(id(a.Seq), "indeterminate (%s): it arrived", a.Cause)
	case a.Outcome == harness.Indeterminate:
		j.notArrived++
		j.findings.add(id(a.Seq), "indeterminate (%s): it did not arrive", a.Cause)
	}
}

// byProxy recognises the errors that a proxy answers itself, such as 503:
// an error that the target does not expect, without the application's mark.
func byProxy(a *harness.Attempt) bool {
	return a.Cause == harness.CauseStatus && !a.Dynamic && a.Status >= 400
}

// repeats counts ids that arrived more than once.
func (j *joined) repeats() {
	for _, seq := range slices.Sorted(maps.Keys(j.receipts.Repeats)) {
		switch {
		case seq >= witness.FirstProbe:
		case j.retries:
			j.again++
		default:
			j.replays++
			j.findings.add(id(seq), "arrived %d times", j.receipts.Repeats[seq])
		}
	}
}

// unasked counts receipts without an attempt. It looks at single ids only until
// there are findings enough.
func (j *joined) unasked() {
	for _, s := range j.receipts.Spans {
		if s.First < witness.FirstProbe && s.First <= s.Last {
			j.received += min(s.Last, witness.FirstProbe-1) - s.First + 1
		}
	}
	unasked := j.received - j.matched
	j.ghosts += unasked
	for _, s := range j.receipts.Spans {
		for seq := s.First; unasked > 0 && seq <= s.Last && seq < witness.FirstProbe && !j.findings.full(); seq++ {
			if !j.seen.Has(seq) {
				j.findings.add(id(seq), "logged by an origin, but never reported by the driver")
				unasked--
			}
		}
	}
	j.findings.omitted += int(min(unasked, 1<<31))
}

// arrived says whether an id is in one of the spans, which are ascending and disjoint.
func arrived(spans []harness.Span, seq uint64) bool {
	_, found := slices.BinarySearchFunc(spans, seq, func(s harness.Span, seq uint64) int {
		switch {
		case s.Last < seq:
			return -1
		case s.First > seq:
			return 1
		}
		return 0
	})
	return found
}

func (j *joined) counts() string {
	return fmt.Sprintf("%s, %s, %s among %s%s", count(j.losses, "loss", "losses"), count(j.ghosts, "ghost", "ghosts"),
		count(j.replays, "replay", "replays"), count(j.attempts, "attempt", "attempts"), j.notes())
}

func (j *joined) agreement() string {
	return fmt.Sprintf("%s of %s arrived exactly once%s", num(j.matched-min(j.again, j.matched)), count(j.attempts, "attempt", "attempts"), j.notes())
}

func (j *joined) notes() string {
	var notes string
	if j.arrived+j.notArrived > 0 {
		notes += fmt.Sprintf("; of %s %s arrived and %s did not", count(j.arrived+j.notArrived, "indeterminate attempt", "indeterminate attempts"),
			num(j.arrived), num(j.notArrived))
	}
	if j.byProxy > 0 {
		notes += fmt.Sprintf("; the proxy answered %s by itself", num(j.byProxy))
	}
	if j.again > 0 {
		notes += fmt.Sprintf("; HAProxy tried %s again", count(j.again, "attempt", "attempts"))
	}
	if j.unlogged > 0 {
		notes += fmt.Sprintf("; %s in no log of an origin", count(j.unlogged, "answer is", "answers are"))
	}
	if j.shed > 0 {
		notes += fmt.Sprintf("; %s given up before being sent", count(j.shed, "attempt was", "attempts were"))
	}
	if j.denied > 0 {
		notes += fmt.Sprintf("; the proxy denied %s, none of which arrived", num(j.denied))
	}
	if j.receipts.Strange > 0 {
		notes += fmt.Sprintf("; %s of the origin bear no sequence id", count(j.receipts.Strange, "log line", "log lines"))
	}
	return notes
}

func id(seq uint64) string { return fmt.Sprintf("attempt %d", seq) }
