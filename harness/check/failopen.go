package check

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/haproof/haproof/harness"
)

var _ = register("fail-open", func(o *options) harness.AnyCheck {
	return failOpen{errors: o.whole("errors"), slower: o.factor("slower")}
})

// failOpen asks whether clients notice that something befalls a tracker: by errors
// during and after each fault, and, with the option slower, by the p99 of response
// times during and after it, compared with the same time of the trial whose trackers
// are off, or else with the time before the fault. Errors are counted and decide in
// every trial. Times are noisy: the whole interval over the trials must lie within
// the option for a pass and beyond it for a failure, and few trials are unknown.
type failOpen struct {
	errors uint64  // option errors: that each fault may cause at most
	slower float64 // option slower: how many times as long p99 may be; 0 asks nothing
}

// leastAttempts is of how few attempts nobody can say that a fault was not noticed.
const leastAttempts = 100

var _ harness.RunCheck = failOpen{}

func (failOpen) Name() string { return "fail-open" }

func (c failOpen) JudgeRun(run *harness.Run) harness.Verdict {
	return named(c.Name(), c.judge(run))
}

func (c failOpen) judge(run *harness.Run) harness.Verdict {
	var f findings
	verdict := c.served(run, &f)
	if c.slower > 0 {
		times := c.times(harness.Outages(run), &f)
		switch {
		case outweighs(times.Status, verdict.Status):
			verdict = times
		case times.Status == verdict.Status:
			verdict.Sentence += "; " + times.Sentence
		}
	}
	return f.on(verdict)
}

// served judges errors, fault by fault.
func (c failOpen) served(run *harness.Run, f *findings) harness.Verdict {
	var sum service
	for _, rec := range run.Records {
		if why := cutShort(rec); why != "" {
			sum.missing = cmp.Or(sum.missing, fmt.Sprintf("%s, trial %d: %s", rec.Cell.Name, rec.Trial, why))
		}
		for _, p := range harness.PhasesOf(rec) {
			d := rec.Disturbances[p.Disturbance]
			if d.Sham || d.Fault.Tier() != harness.TierTracker {
				continue
			}
			who := faultOf(rec, d)
			f.add(who, "before: %s; during: %s; after: %s%s", phaseText(p.Before), phaseText(p.During), phaseText(p.After), recovered(p))
			sum.add(rec, who, p, c.errors)
		}
	}
	switch {
	case sum.noticed > 0:
		return fail("clients noticed %s of %s of trackers, such as %s", num(sum.noticed), count(sum.faults, "fault", "faults"), sum.first)
	case sum.faults == 0:
		return unknown("no fault of a tracker was played")
	case sum.missing != "":
		return unknown("%s", sum.missing)
	}
	return pass("%s among %s during and after %s of trackers", c.allowed(), count(sum.attempts, "attempt", "attempts"), count(sum.faults, "fault", "faults"))
}

// service is how clients were served during and after faults.
type service struct {
	faults, noticed, attempts uint64
	first                     string // that was noticed
	missing                   string // the first reason why it is not known whether a fault was noticed
}

// add counts one fault, which may cause so many errors.
func (s *service) add(rec *harness.Record, who string, p harness.Phases, allowed uint64) {
	n, errors := p.During.Attempts+p.After.Attempts, p.During.Errors+p.After.Errors
	own := p.During.Own + p.After.Own
	s.faults++
	s.attempts += n
	switch {
	case cutShort(rec) != "": // which is missing already
	case errors-own > allowed:
		s.noticed++
		s.first = cmp.Or(s.first, fmt.Sprintf("%s: %s of %s during and after it: %s", who,
			count(errors, "error", "errors"), count(n, "attempt", "attempts"), causesText(p.During, p.After)))
	case own > 0:
		s.missing = cmp.Or(s.missing, fmt.Sprintf("%s: %s by the client's own fault", who, count(own, "error", "errors")))
	case n < leastAttempts:
		s.missing = cmp.Or(s.missing, fmt.Sprintf("%s: only %s ended during and after it, want %d", who, count(n, "attempt", "attempts"), leastAttempts))
	}
}

func (c failOpen) allowed() string {
	if c.errors == 0 {
		return "no error"
	}
	return "at most " + count(c.errors, "error", "errors") + " per fault"
}

// faultOf names a fault of one trial: kill of tracker1 at 2s, only, trial 1.
func faultOf(rec *harness.Record, d harness.Disturbance) string {
	return fmt.Sprintf("%s of %s at %v, %s, trial %d", d.Fault.Do, d.Fault.Node, d.Fault.At, rec.Cell.Name, rec.Trial)
}

// phaseText writes a phase: 800 attempts, 2 errors, 400.0/s, p50 2ms, p99 9ms.
func phaseText(p harness.Phase) string {
	if p.Attempts == 0 {
		return "no attempt"
	}
	return fmt.Sprintf("%s, %s, %.1f/s, p50 %v, p99 %v", count(p.Attempts, "attempt", "attempts"), count(p.Errors, "error", "errors"),
		p.RateRPS, shortly(p.P50), shortly(p.P99))
}

// recovered tells how long it took until the lab was whole again.
func recovered(p harness.Phases) string {
	if p.Recovery == 0 {
		return ""
	}
	return fmt.Sprintf("; whole %v after its end", shortly(p.Recovery))
}

// causesText adds up the causes of phases, most frequent first.
func causesText(phases ...harness.Phase) string {
	sum := map[harness.Cause]uint64{}
	for _, p := range phases {
		for cause, n := range p.Causes {
			sum[cause] += n
		}
	}
	var list []string
	for _, cause := range slices.SortedFunc(maps.Keys(sum), func(a, b harness.Cause) int { return cmp.Or(cmp.Compare(sum[b], sum[a]), cmp.Compare(a, b)) }) {
		list = append(list, num(sum[cause])+" "+string(cause))
	}
	return strings.Join(list, ", ")
}

// times judges response times. The worst fault decides.
func (c failOpen) times(outages []harness.Outage, f *findings) harness.Verdict {
	verdict := unknown("no response times of a tracker's fault can be compared")
	found, worst := false, 0.0
	for _, o := range outages {
		for _, phase := range []struct {
			name   string
			change harness.Change
		}{{"during", o.During}, {"after", o.After}} {
			who := fmt.Sprintf("p99 %s the %s of %s at %v", phase.name, o.Fault.Do, o.Fault.Node, o.Fault.At)
			f.add(who+of(o.Name), "%s of that %s", changed(phase.change), referenceText(o.Reference))
			v := c.slow(who, o.Reference, phase.change)
			if !found || outweighs(v.Status, verdict.Status) || v.Status == verdict.Status && phase.change.Ratio > worst {
				verdict, worst = v, phase.change.Ratio
			}
			found = true
		}
	}
	return verdict
}

// of names a cell after a text, if it has a name.
func of(cell string) string {
	if cell == "" {
		return ""
	}
	return ", " + cell
}

func referenceText(reference string) string {
	if reference == harness.ReferenceOff {
		return "with trackers off"
	}
	return "before the fault"
}

// slow judges one phase of one fault.
func (c failOpen) slow(who, reference string, change harness.Change) harness.Verdict {
	if change.N < leastPairs {
		return unknown("%s: %s to compare, want at least %d, each of %d attempts or more", who, count(uint64(change.N), "trial", "trials"), leastPairs, leastAttempts)
	}
	sentence := fmt.Sprintf("%s is %s of that %s; at most %s is wanted", who, changed(change), referenceText(reference), percent(c.slower))
	switch {
	case change.High <= c.slower:
		return pass("%s", sentence)
	case change.Low > c.slower:
		return fail("%s", sentence)
	}
	return unknown("%s, which the interval does not decide", sentence)
}
