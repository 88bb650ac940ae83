package check

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/haproof/haproof/harness"
)

var _ = register("no-errors", func(*options) harness.AnyCheck { return noErrors{} })

// noErrors demands that every attempt went as its target expects, those of a probe
// before the schedule too. Errors of the
// client's own making (interrupted, out of descriptors or ports) and attempts
// that were never reported leave it unknown. So does an interrupted trial, whose
// lab may have been taken down under what was in flight, and a search, which goes
// on until something breaks. Where customers have limits it is no error that one is
// denied; whether that was right is for enforced to judge.
type noErrors struct{}

var _ harness.Check = noErrors{}

func (noErrors) Name() string { return "no-errors" }

func (c noErrors) Judge(rec *harness.Record) harness.Verdict {
	return named(c.Name(), c.judge(rec))
}

func (noErrors) judge(rec *harness.Record) harness.Verdict {
	n := uint64(len(rec.Attempts))
	if n == 0 {
		return unknown("no attempt was made")
	}
	if searches(rec) {
		return unknown("a search goes on until something breaks, so its errors say nothing")
	}
	causes := causesOf(rec.Attempts)
	denied := expectDenials(rec, causes)
	total, own := uint64(0), uint64(0)
	for cause, e := range causes {
		total += e.n
		if cause == harness.CauseResources {
			own += e.n
		}
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
		return f.on(unknown("%s of %s ended by the client's own fault: %s", num(own), count(n, "attempt", "attempts"), list))
	case n < wanted(rec):
		return unknown("%s of %s were never reported by the driver", num(wanted(rec)-n), count(wanted(rec), "attempt", "attempts"))
	case cutShort(rec) != "":
		return unknown("%s", cutShort(rec))
	case rec.Capacity != nil:
		return pass("%s of %s answered as expected, and %s of the probe", num(n), count(n, "attempt", "attempts"), num(rec.Capacity.Attempts))
	}
	if denied > 0 {
		return pass("%s of %s answered as expected, %s denied by limits",
			num(n-denied), count(n, "attempt", "attempts"), num(denied))
	}
	return pass("%s of %s answered as expected", num(n), count(n, "attempt", "attempts"))
}

// expectDenials takes denied attempts out of the causes where customers have
// limits, and says how many there were.
func expectDenials(rec *harness.Record, causes map[harness.Cause]*errorCount) uint64 {
	denied := causes[harness.CauseDenied]
	if denied == nil || !rec.Cell.Scenario.Topology.Limits().Expect(harness.CauseDenied) {
		return 0
	}
	delete(causes, harness.CauseDenied)
	return denied.n
}

// errorCount is how often a cause was seen, with its first attempt.
type errorCount struct {
	n     uint64
	first *harness.Attempt
}

func causesOf(attempts []harness.Attempt) map[harness.Cause]*errorCount {
	causes := map[harness.Cause]*errorCount{}
	for i := range attempts {
		a := &attempts[i]
		if a.Cause == "" && a.Outcome == harness.OK {
			continue
		}
		cause := cmp.Or(a.Cause, "unexplained")
		if causes[cause] == nil {
			causes[cause] = &errorCount{first: a}
		}
		causes[cause].n++
	}
	return causes
}

// describe lists the causes, most frequent first.
func describe(causes map[harness.Cause]*errorCount) (*findings, string) {
	order := slices.SortedFunc(maps.Keys(causes), func(a, b harness.Cause) int {
		return cmp.Or(cmp.Compare(causes[b].n, causes[a].n), cmp.Compare(a, b))
	})
	var f findings
	var list []string
	for _, cause := range order {
		e := causes[cause]
		list = append(list, fmt.Sprintf("%s %s", num(e.n), cause))
		f.add(string(cause), "%s, the first is %s: status %d, key %q, due at %v", count(e.n, "attempt", "attempts"),
			id(e.first.Seq), e.first.Status, e.first.Key, e.first.Intended)
	}
	return &f, strings.Join(list, ", ")
}
