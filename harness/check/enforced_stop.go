package check

import (
	"fmt"
	"slices"
	"time"

	"github.com/haproof/haproof/harness"
	"github.com/haproof/haproof/harness/stats"
)

// stop notes how sharply a customer was stopped, if nothing was disturbed before it
// had to be denied.
func (e *evidence) stop(c *limitedCustomer, usedUp time.Duration) {
	first := never
	for _, b := range e.absences {
		first = min(first, b.from)
	}
	s := stop{denied: never}
	charged := uint64(0)
	for _, a := range c.attempts {
		switch {
		case a.Sent >= first:
		case denied(a):
			s.denied = min(s.denied, a.Done-usedUp)
		case served(a):
			s.lastServed = max(s.lastServed, a.Sent-usedUp)
			if a.Dynamic {
				charged++
			}
		}
	}
	if s.denied != never && charged >= e.limits.Total {
		s.beyond = charged - e.limits.Total
		e.stops = append(e.stops, s)
	}
}

// measure adds findings about how sharply customers were stopped: measured, not
// judged.
func (e *evidence) measure(rec *harness.Record) {
	if e.rightlyDenied > 0 {
		e.findings.add("over the limit", "%s", e.overTheLimit())
	}
	n := len(e.stops)
	if n == 0 {
		return
	}
	beyond := make([]uint64, n)
	servedFor, deniedAfter := make([]time.Duration, n), make([]time.Duration, n)
	for i, s := range e.stops {
		beyond[i], servedFor[i], deniedAfter[i] = s.beyond, s.lastServed, s.denied
	}
	slices.Sort(beyond)
	slices.Sort(servedFor)
	slices.Sort(deniedAfter)
	rate := ""
	if rps := rec.Cell.Scenario.Workload.Rate; rps > 0 {
		rate = fmt.Sprintf(" at %s attempts/s offered in all", num(uint64(rps)))
	}
	e.findings.add("charged beyond the limit", "median %s, most %s of %s, n = %d customers%s",
		num(beyond[(n-1)/2]), num(beyond[n-1]), num(e.limits.Total), n, rate)
	e.findings.add("last served attempt", "was sent, after the answer that used the limit up: median %s, latest %s",
		brief(stats.Quantile(servedFor, 0.5)), brief(servedFor[n-1]))
	e.findings.add("first denial", "had come, after that answer: median %s, latest %s; it needs an attempt to be seen",
		brief(stats.Quantile(deniedAfter, 0.5)), brief(deniedAfter[n-1]))
}

// overTheLimit counts what the verdict rests on.
func (e *evidence) overTheLimit() string {
	text := count(e.rightlyDenied, "attempt was", "attempts were") + " denied"
	if e.trackerGone() {
		text += fmt.Sprintf("; without the tracker %s served", num(e.openlyServed))
	}
	if e.returns() {
		text += fmt.Sprintf(", with it again %s denied", num(e.deniedAgain))
	}
	return text
}

// brief writes a duration to a tenth of a millisecond.
func brief(d time.Duration) string { return d.Round(100 * time.Microsecond).String() }
