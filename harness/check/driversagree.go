package check

import (
	"fmt"
	"strings"

	"github.com/haproof/haproof/harness"
)

var _ = register("drivers-agree", func(o *options) harness.AnyCheck {
	return driversAgree{p50: o.factorOr("p50", 1.5), p99: o.factorOr("p99", 3)}
})

// driversAgree asks whether drivers that are given the same say the same of the same
// product. Counts are exact: with one seed both must have made the same attempts, at
// the same intended times, for the same customers and with the same ends, and every
// witness must have counted the same of every customer. Times are noisy: of p50 and p99
// of response and service time the whole interval of the ratio over the trials must lie
// within the options for a pass, and beyond them for a failure.
type driversAgree struct {
	p50 float64 // option p50: how many times as long p50 may be with one driver as with the other
	p99 float64 // option p99: the same of p99
}

var _ harness.RunCheck = driversAgree{}

func (driversAgree) Name() string { return "drivers-agree" }

func (c driversAgree) JudgeRun(run *harness.Run) harness.Verdict {
	return named(c.Name(), c.judge(harness.Agreements(run)))
}

// judge takes the worst of all; of equals the first.
func (c driversAgree) judge(all []harness.Agreement) harness.Verdict {
	if len(all) == 0 {
		return unknown("nothing was played by two drivers, so there is nothing to compare")
	}
	var f findings
	var verdict harness.Verdict
	for i, a := range all {
		if v := c.decide(a, &f); i == 0 || outweighs(v.Status, verdict.Status) {
			verdict = v
		}
	}
	return f.on(verdict)
}

func (c driversAgree) decide(a harness.Agreement, f *findings) harness.Verdict {
	who := fmt.Sprintf("%s and %s%s", a.Driver, a.Against, of(a.Name))
	for _, why := range a.Unpaired {
		f.add("not compared", "%s", why)
	}
	for _, d := range a.Different {
		f.add(fmt.Sprintf("trial %d, %s", d.Trial, d.Subject), "%s", d.Text)
	}
	f.omitted += a.Omitted
	if n := uint64(len(a.Different) + a.Omitted); n > 0 {
		return fail("%s disagree in %s among %s and %s of customers", who, count(n, "particular", "particulars"),
			count(a.Attempts, "attempt", "attempts"), count(a.Charges, "tally", "tallies"))
	}
	times := c.times(a, f)
	counts := fmt.Sprintf("%s agree exactly on %s and %s of customers in %s of each", who, count(a.Attempts, "attempt", "attempts"),
		count(a.Charges, "tally", "tallies"), count(uint64(a.Trials), "trial", "trials"))
	switch {
	case times.Status == harness.Fail:
		return fail("%s, but not on times: %s", counts, times.Sentence)
	case len(a.Unpaired) > 0:
		return unknown("%s: not everything can be compared: %s", who, a.Unpaired[0])
	case a.Charges == 0:
		return unknown("%s: no witness counted anything, so no charges can be compared", who)
	case times.Status == harness.Unknown:
		return unknown("%s; whether on times too is not decided: %s", counts, times.Sentence)
	}
	return pass("%s, and on times: %s", counts, times.Sentence)
}

// times judges the four quantiles.
func (c driversAgree) times(a harness.Agreement, f *findings) harness.Verdict {
	var beyond, open, within []string
	for _, q := range []struct {
		name   string
		change harness.Change
		most   float64
	}{
		{"response p50", a.Response50, c.p50}, {"response p99", a.Response99, c.p99},
		{"service p50", a.Service50, c.p50}, {"service p99", a.Service99, c.p99},
	} {
		words := fmt.Sprintf("%s %s", q.name, changed(q.change))
		f.add(q.name+of(a.Name), "%s with %s, %s with %s: %s, wanted %s to %s", inMillis(q.change.Median), a.Driver,
			inMillis(q.change.Reference), a.Against, changed(q.change), percent(1/q.most), percent(q.most))
		switch {
		case q.change.N < leastPairs:
			open = append(open, fmt.Sprintf("%s: %s of trials, want at least %d", q.name, count(uint64(q.change.N), "pair", "pairs"), leastPairs))
		case q.change.Low > q.most, q.change.High < 1/q.most:
			beyond = append(beyond, words)
		case q.change.Low < 1/q.most, q.change.High > q.most:
			open = append(open, words)
		default:
			within = append(within, words)
		}
	}
	switch {
	case len(beyond) > 0:
		return fail("%s", strings.Join(beyond, "; "))
	case len(open) > 0:
		return unknown("%s", strings.Join(open, "; "))
	}
	return pass("%s", strings.Join(within, "; "))
}

// inMillis writes seconds as milliseconds.
func inMillis(seconds float64) string { return fmt.Sprintf("%.3f ms", 1e3*seconds) }
