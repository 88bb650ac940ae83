package check

import (
	"fmt"

	"github.com/haproof/haproof/harness"
)

var _ = register("tracking-cost", func(o *options) harness.AnyCheck {
	return trackingCost{atMost: o.percentage("at-most", 0.25)}
})

// trackingCost asks whether tracking costs the proxies little enough: CPU time per
// attempt with a tracker that is up, over that without tracking. Of the quantities
// that are compared this is the one that a busy machine disturbs least. Pass if the
// whole interval lies within the option, fail if the whole interval lies beyond,
// else unknown; of several versions or other settings the worst decides. The other
// states of the tracker are told as findings.
type trackingCost struct {
	atMost float64 // option at-most: how much more CPU time tracking may take, such as 25%
}

// leastPairs is of how few pairs an interval means nothing.
const leastPairs = 5

var _ harness.RunCheck = trackingCost{}

func (trackingCost) Name() string { return "tracking-cost" }

func (c trackingCost) JudgeRun(run *harness.Run) harness.Verdict {
	return named(c.Name(), c.judge(harness.Costs(run)))
}

func (c trackingCost) judge(costs []harness.Cost) harness.Verdict {
	verdict := unknown("nothing was played with and without tracking, so there is nothing to compare")
	var f findings
	found, worst := false, 0.0
	for _, cost := range costs {
		f.add(costOf(cost), "CPU per attempt %s; requests/s %s; p99 %s", changed(cost.CPU), changed(cost.Rate), changed(cost.P99))
		if cost.State != harness.TrackerUp {
			continue
		}
		v := c.decide(cost)
		if !found || outweighs(v.Status, verdict.Status) || v.Status == verdict.Status && cost.CPU.Ratio > worst {
			verdict, worst = v, cost.CPU.Ratio
		}
		found = true
	}
	return f.on(verdict)
}

func (c trackingCost) decide(cost harness.Cost) harness.Verdict {
	cpu := cost.CPU
	if cpu.N < leastPairs {
		return unknown("%s: %s of CPU times, want at least %d", costOf(cost), count(uint64(cpu.N), "pair", "pairs"), leastPairs)
	}
	sentence := fmt.Sprintf("%s: an attempt takes %s of the CPU time that it takes without tracking (%.1f µs instead of %.1f µs); at most %s is wanted",
		costOf(cost), changed(cpu), 1e6*cpu.Median, 1e6*cpu.Reference, percent(1+c.atMost))
	switch {
	case cpu.High <= 1+c.atMost:
		return pass("%s", sentence)
	case cpu.Low > 1+c.atMost:
		return fail("%s", sentence)
	}
	return unknown("%s, which the interval does not decide", sentence)
}

// costOf says which state of which cells it is about.
func costOf(cost harness.Cost) string {
	if cost.Name == "" {
		return "tracker " + string(cost.State)
	}
	return "tracker " + string(cost.State) + ", " + cost.Name
}

// changed writes a change: 104.2 % (101.0 % to 108.3 %, n = 8).
func changed(c harness.Change) string {
	if c.N == 0 {
		return "not known"
	}
	return fmt.Sprintf("%s (%s to %s, n = %d)", percent(c.Ratio), percent(c.Low), percent(c.High), c.N)
}
