package harness

import (
	"cmp"
	"slices"
	"time"
)

// ErrorTotal is how often attempts did not go as expected by one cause.
type ErrorTotal struct {
	Cause Cause        `json:"cause"`
	N     uint64       `json:"n"`
	Own   uint64       `json:"own"` // of these: by no fault of the product
	First FirstOfCause `json:"first"`
}

// FirstOfCause is the attempt of a cause that was reported first.
type FirstOfCause struct {
	Seq      uint64        `json:"seq"`
	Status   int           `json:"status"` // 0 without an answer
	Key      string        `json:"key"`
	Intended time.Duration `json:"intendedNs"`
}

// ErrorsOf counts what did not go as expected, the most frequent cause first, and apart
// from that the attempts that their clients left because the workload wants it. Denied
// attempts are among the errors.
func ErrorsOf(rec *Record) (list []ErrorTotal, left uint64) {
	if rec.Totals == nil {
		counts := errorCounts{workload: &rec.Cell.Scenario.Workload, own: OwnFaults(rec), by: map[Cause]*ErrorTotal{}}
		for i := range rec.Attempts {
			counts.add(&rec.Attempts[i])
		}
		return counts.list(), counts.left
	}
	list = slices.Clone(rec.Totals.Errors)
	for i := range list {
		if e := &list[i]; e.Cause == CauseShed && e.Own < e.N && limitedByClient(rec) {
			e.Own = e.N
		}
	}
	return list, rec.Totals.Left
}

// errorCounts count errors by cause.
type errorCounts struct {
	workload *Workload
	own      func(*Attempt) bool
	by       map[Cause]*ErrorTotal
	left     uint64
}

func (c *errorCounts) add(a *Attempt) {
	if a.Cause == "" && a.Outcome == OK {
		return
	}
	if a.Cause == CauseAborted && c.workload.Abort.Chooses(c.workload.Seed, a.Seq) {
		c.left++
		return
	}
	cause := cmp.Or(a.Cause, unexplained)
	e := c.by[cause]
	if e == nil {
		e = &ErrorTotal{Cause: cause, First: FirstOfCause{a.Seq, a.Status, a.Key, a.Intended}}
		c.by[cause] = e
	}
	e.N++
	if c.own(a) {
		e.Own++
	}
}

func (c *errorCounts) list() []ErrorTotal {
	var list []ErrorTotal
	for _, e := range c.by {
		list = append(list, *e)
	}
	slices.SortFunc(list, func(a, b ErrorTotal) int {
		return cmp.Or(cmp.Compare(b.N, a.N), cmp.Compare(a.Cause, b.Cause))
	})
	return list
}
