package check

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/haproof/haproof/harness"
	"github.com/haproof/haproof/harness/stats"
)

var _ = register("slo", func(o *options) harness.AnyCheck {
	c := slo{times: o.times(), errors: o.errorBudget("errors"), rate: o.leastRate("rate")}
	if !c.errors.given && len(c.times) == 0 && c.rate == (sloRate{}) {
		c.errors.given = true
	}
	return c
})

// slo holds times, errors and the achieved rate against objectives. A generator that
// is at its limit makes response times longer, never shorter: so a pass stands, and a
// failure that lag alone may have caused is unknown. So are a rate that such a generator
// missed, errors that are no fault of the product, and an objective on lag.
type slo struct {
	times  []sloTime // options p50 to max (response times, from the intended send time), service-p50 (from the actual one), ttfb-p50 (to the first byte), lag-p50 and so on: such as 20ms or <20ms, or <=20ms
	errors sloShare  // option errors: share of the attempts that may go wrong, such as 0.1% or <=0.1%, or <0.1%; any where other options are given, else none
	rate   sloRate   // option rate: complete answers per second, such as >4900/s
}

var _ harness.Check = slo{}

// tolerableLag is what generator-fit allows 99 in 100 attempts by default.
const tolerableLag = 10 * time.Millisecond

func (slo) Name() string { return "slo" }

func (c slo) Judge(rec *harness.Record) harness.Verdict { return named(c.Name(), c.judge(rec)) }

func (c slo) judge(rec *harness.Record) harness.Verdict {
	n := rec.Made()
	switch {
	case n == 0:
		return unknown("no attempt was made%s", because(rec))
	case searches(rec):
		return unknown("a search goes beyond what can be served")
	}
	times, err := newSLOTimes(rec)
	if err != nil {
		return unknown("the driver's statistics cannot be read: %v", err)
	}
	var f findings
	j := &sloJudgement{record: rec, times: times, late: unfit(rec), findings: &f}
	for _, o := range c.times {
		j.time(o)
	}
	j.share(c.errors)
	j.achieved(c.rate)
	switch {
	case len(j.missed) > 0:
		return f.on(fail("missed: %s", strings.Join(j.missed, ", ")))
	case len(j.unseen) > 0:
		return f.on(unknown("nobody measured: %s", strings.Join(j.unseen, ", ")))
	case len(j.lagging) > 0:
		return f.on(unknown("met but for what the generator itself may have missed, being late or at its limit: %s", strings.Join(j.lagging, ", ")))
	case n < wanted(rec):
		return f.on(unknown("%s of %s were never reported by the driver", num(wanted(rec)-n), count(wanted(rec), "attempt", "attempts")))
	case cutShort(rec) != "":
		return f.on(unknown("%s", cutShort(rec)))
	}
	return f.on(pass("met over %s", count(n, "attempt", "attempts")))
}

// unfit says whether the generator or the host was at its limit.
func unfit(rec *harness.Record) bool {
	return len(harness.ClientLimits(rec, harness.Summarise(rec), harness.ClientBounds{})) > 0
}

// sloJudgement is one judging of a record: the names of the objectives that were
// missed, of those that only the generator may have missed, and of those that nobody
// measured.
type sloJudgement struct {
	record   *harness.Record
	times    sloTimes
	late     bool // the generator was, or at another limit of its own or of the host
	findings *findings

	missed, lagging, unseen []string
}

// time judges an objective on a time.
func (j *sloJudgement) time(o sloTime) {
	of := func(h *stats.Histogram) time.Duration { return sloQuantiles[o.quantile].of(h) }
	h := j.times[o.of]
	if h.Count() == 0 {
		j.unseen = append(j.unseen, o.name())
		return
	}
	service := j.times[sloService]
	if o.of == sloResponse {
		j.findings.add(o.name(), "%v, want %s; %v from the actual send time", round(of(h)), o.want(), round(of(service)))
	} else {
		j.findings.add(o.name(), "%v, want %s", round(of(h)), o.want())
	}
	switch {
	case o.met(of(h)):
	case o.of == sloLag, o.of == sloResponse && j.late && (service.Count() == 0 || o.met(of(service))):
		j.lagging = append(j.lagging, o.name())
	default:
		j.missed = append(j.missed, o.name())
	}
}

// share judges the objective on errors.
func (j *sloJudgement) share(s sloShare) {
	if !s.given {
		return
	}
	rec := j.record
	causes, _, _ := errorsOf(rec)
	var n, own uint64
	for _, e := range causes {
		n, own = n+e.N, own+e.Own
	}
	_, list := describe(causes)
	j.findings.add("errors", "%s of %s, want %s: %s", num(n), count(rec.Made(), "attempt", "attempts"), s.want(), orNone(list))
	switch share := func(n uint64) float64 { return float64(n) / float64(rec.Made()) }; {
	case s.met(share(n)):
	case s.met(share(n - own)):
		j.lagging = append(j.lagging, "errors")
	default:
		j.missed = append(j.missed, "errors")
	}
}

// achieved judges the objective on the rate.
func (j *sloJudgement) achieved(r sloRate) {
	if r == (sloRate{}) {
		return
	}
	sum := harness.Summarise(j.record)
	j.findings.add("rate", "%.1f/s of %.1f/s offered, want %s", sum.AchievedRPS, sum.OfferedRPS, r.want())
	switch {
	case r.met(sum.AchievedRPS):
	case j.late && !slices.Contains(j.missed, "errors"):
		j.lagging = append(j.lagging, "rate")
	default:
		j.missed = append(j.missed, "rate")
	}
}

func orNone(list string) string {
	if list == "" {
		return "none"
	}
	return list
}

// percentage writes a share with as many digits as it has.
func percentage(share float64) string { return strconv.FormatFloat(100*share, 'g', 6, 64) + "%" }
