package check

import (
	"fmt"
	"slices"
	"strings"

	"github.com/haproof/haproof/harness"
)

var _ = register("no-errors", func(*options) harness.AnyCheck { return noErrors{} })

// noErrors demands that every attempt went as its target expects, those of a probe
// before the schedule too. Errors of the client's own making (out of descriptors, ports
// or memory, given up as it was late, or given up while it or the host was the limit,
// see harness.OwnFaults) and attempts that were never reported leave it unknown. So does an interrupted trial, whose
// lab may have been taken down under what was in flight, and a search, which goes
// on until something breaks. Where customers have limits it is no error that one is
// denied; whether that was right is for enforced to judge. Nor is it one that those
// clients leave whom the workload's seed chooses for that.
type noErrors struct{}

var _ harness.Check = noErrors{}

func (noErrors) Name() string { return "no-errors" }

func (c noErrors) Judge(rec *harness.Record) harness.Verdict {
	return named(c.Name(), c.judge(rec))
}

func (noErrors) judge(rec *harness.Record) harness.Verdict {
	n := rec.Made()
	if n == 0 {
		return unknown("no attempt was made%s", because(rec))
	}
	if searches(rec) {
		return unknown("a search goes on until something breaks, so its errors say nothing")
	}
	causes, denied, left := errorsOf(rec)
	total, own := uint64(0), uint64(0)
	for _, e := range causes {
		total, own = total+e.N, own+e.Own
	}
	f, list := describe(causes)
	if probe := rec.Capacity; probe != nil && probe.Errors > 0 && !rec.Interrupted {
		return f.on(fail("%s of %s of the probe did not go as expected", num(probe.Errors), count(probe.Attempts, "attempt", "attempts")))
	}
	switch {
	case rec.Interrupted && total > 0:
		return f.on(unknown("the trial was interrupted, which may be why %s of %s did not go as expected: %s",
			num(total), count(n, "attempt", "attempts"), list))
	case total > own:
		return f.on(fail("%s of %s did not go as expected: %s", num(total), count(n, "attempt", "attempts"), list))
	case own > 0:
		return f.on(unknown("%s of %s went wrong by the fault of the client or the host: %s", num(own), count(n, "attempt", "attempts"), list))
	case n < wanted(rec):
		return unknown("%s of %s were never reported by the driver", num(wanted(rec)-n), count(wanted(rec), "attempt", "attempts"))
	case cutShort(rec) != "":
		return unknown("%s", cutShort(rec))
	case rec.Capacity != nil:
		return pass("%s of %s answered as expected, and %s of the probe", num(n), count(n, "attempt", "attempts"), num(rec.Capacity.Attempts))
	}
	var aside string
	if denied > 0 {
		aside += ", " + num(denied) + " denied by limits"
	}
	if left > 0 {
		aside += ", " + num(left) + " left by their clients, as they should"
	}
	return pass("%s of %s answered as expected%s", num(n-denied-left), count(n, "attempt", "attempts"), aside)
}

// errorsOf returns the errors of a record. What was denied is none where customers have
// limits; it and what clients left as they should are counted apart.
func errorsOf(rec *harness.Record) (causes []harness.ErrorTotal, denied, left uint64) {
	causes, left = harness.ErrorsOf(rec)
	if !rec.Cell.Scenario.Topology.Limits().Expect(harness.CauseDenied) {
		return causes, 0, left
	}
	causes = slices.DeleteFunc(causes, func(e harness.ErrorTotal) bool {
		if e.Cause == harness.CauseDenied {
			denied = e.N
		}
		return e.Cause == harness.CauseDenied
	})
	return causes, denied, left
}

// describe lists the causes.
func describe(causes []harness.ErrorTotal) (*findings, string) {
	var f findings
	var list []string
	for _, e := range causes {
		list = append(list, fmt.Sprintf("%s %s", num(e.N), e.Cause))
		f.add(string(e.Cause), "%s, the first is %s: status %d, key %q, due at %v", count(e.N, "attempt", "attempts"),
			id(e.First.Seq), e.First.Status, e.First.Key, e.First.Intended)
	}
	return &f, strings.Join(list, ", ")
}
