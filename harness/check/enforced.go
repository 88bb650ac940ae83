package check

import (
	"fmt"
	"time"

	"github.com/haproof/haproof/harness"
)

var _ = register("enforced", func(o *options) harness.AnyCheck {
	return enforced{
		within: o.duration("within", 250*time.Millisecond),
		slack:  o.duration("slack", time.Second),
		back:   o.duration("back", 6*time.Second),
	}
})

// enforced holds the tracker to the limits of the scenario, by what clients saw:
//
//   - Nobody is denied who has not had all of the limit. The proxy decides between
//     an attempt's first byte and its last, and knows only of answers that it gave
//     before. So at least as many charged attempts as the limit must have been sent
//     before the denied one ended. A customer without limit is never denied.
//   - Whoever has had it is denied everything that is sent later than within after
//     the answer that used the limit up had come to the client.
//   - While the tracker is gone everybody is served: from expire and slack after
//     its end, when the proxies have forgotten what they were taught, until it may
//     be there again. Later than back after its return limits hold again.
//
// An attempt without an answer was neither served nor denied; no-errors counts it.
// What is late is held against nobody if the client itself was late by more than a
// fifth of within.
type enforced struct {
	within time.Duration // from the last answer due to denial
	slack  time.Duration // beyond expire until the proxy serves again
	back   time.Duration // proxies call a tracker that was lost every 5 s
}

var _ harness.Check = enforced{}

func (enforced) Name() string { return "enforced" }

func (c enforced) Judge(rec *harness.Record) harness.Verdict {
	return named(c.Name(), c.judge(rec))
}

func (c enforced) judge(rec *harness.Record) harness.Verdict {
	limits := rec.Cell.Scenario.Topology.Limits()
	switch {
	case searches(rec):
		return unknown("a search drives until something breaks, not until a limit is used up")
	case rec.Cell.Scenario.Workload.Probe > 0:
		return unknown("a probe uses limits up too, with attempts that are in no record")
	case limits == nil:
		return unknown("the topology's tracker has no limits to hold anybody to")
	case len(rec.Attempts) == 0:
		return unknown("no attempt was made")
	}
	when, why := c.absences(rec, limits.Expire)
	if why != "" {
		return unknown("%s", why)
	}
	e := evidence{limits: *limits, within: c.within, absences: when}
	for _, customer := range customersOf(rec, *limits) {
		e.hold(customer)
	}
	v := c.verdict(rec, &e)
	e.measure(rec)
	return e.findings.on(v)
}

func (c enforced) verdict(rec *harness.Record, e *evidence) harness.Verdict {
	lag := lagP99(rec.Attempts)
	switch {
	case e.early+e.unlimited > 0:
		return fail("%s", e.accusation())
	case e.wrongs() > 0 && lag > c.within/5:
		return unknown("%s, but the client itself sent late, p99 %s: no program had its time on this machine", e.accusation(), brief(lag))
	case e.wrongs() > 0:
		return fail("%s", e.accusation())
	case cutShort(rec) != "":
		return unknown("%s", cutShort(rec))
	case e.reached == 0:
		return unknown("no customer was charged the limit of %s", num(e.limits.Total))
	case e.rightlyDenied == 0:
		return unknown("nobody who had used the limit up was seen to try again later than %v after", c.within)
	case e.openLacks():
		return unknown("nobody over the limit was seen to try while the tracker was gone and its denials forgotten")
	case e.returnLacks():
		return unknown("nobody over the limit was seen to try later than %v after the tracker was back", c.back)
	}
	return pass("%s", e.agreement())
}

// accusation names each kind of wrong that was done.
func (e *evidence) accusation() string {
	var text string
	for _, w := range []struct {
		n    uint64
		what string
	}{
		{e.early, "denied before the limit was used up"},
		{e.unlimited, "denied without having a limit"},
		{e.late, fmt.Sprintf("served later than %v after the limit was used up", e.within)},
		{e.closed, "denied while the tracker was gone"},
		{e.forgotten, "served though over the limit and the tracker was back"},
	} {
		if w.n == 0 {
			continue
		}
		if text != "" {
			text += ", "
		}
		text += fmt.Sprintf("%s %s", count(w.n, "attempt was", "attempts were"), w.what)
	}
	return text
}

func (e *evidence) agreement() string {
	text := fmt.Sprintf("%s of %s used up %s and were denied from %v later on, nobody before",
		num(e.reached), count(uint64(e.limits.Customers), "limited customer", "limited customers"), num(e.limits.Total), e.within)
	switch {
	case !e.trackerGone():
		return text + " (the tracker was never gone)"
	case e.returns():
		return text + "; without the tracker everybody was served, until it was back"
	}
	return text + "; without the tracker everybody was served"
}
