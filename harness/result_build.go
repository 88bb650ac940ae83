package harness

import (
	"cmp"
	"maps"
	"path"
	"slices"
	"strconv"
)

// AnyCheck is a Check, a RunCheck or both.
type AnyCheck interface{ Name() string }

// Judge lets the checks judge every record and the run as a whole, and builds
// the result. Fail outweighs Unknown outweighs Pass. No check, no record or a
// trial that was never played leaves at most Unknown.
func Judge(run *Run, checks []AnyCheck) *Result {
	run = inOrder(run)
	j := &judgement{run: run, checks: checks, verdicts: map[*Record][]Verdict{}, summaries: map[*Record]Summary{}, phases: map[*Record][]Phases{}}
	for _, rec := range run.Records {
		j.phases[rec] = PhasesOf(rec)
		j.summaries[rec] = Summarise(rec)
		j.verdicts[rec] = judgeRecord(rec, checks)
	}
	r := &Result{
		Schema: ResultSchema, Run: run.ID, Scenario: run.Scenario,
		Began: run.Began, Took: max(0, run.Ended.Sub(run.Began)),
		Cells:  j.cells(),
		Curves: curves(run.Records, func(rec *Record) Summary { return j.summaries[rec] }),
	}
	r.Costs = costs(run.Records, func(rec *Record) Summary { return j.summaries[rec] })
	r.Outages = outages(run.Records, func(rec *Record) []Phases { return j.phases[rec] })
	for _, rec := range run.Records {
		r.Environment = rec.Environment
		r.Interrupted = r.Interrupted || rec.Interrupted
	}
	r.Verdicts = j.rollUp()
	r.Status, r.Sentence = j.conclude(r.Verdicts)
	r.Warnings = j.warnings()
	return r
}

// judgement is one judging of a run.
type judgement struct {
	run       *Run
	checks    []AnyCheck
	verdicts  map[*Record][]Verdict
	summaries map[*Record]Summary
	phases    map[*Record][]Phases
}

func judgeRecord(rec *Record, checks []AnyCheck) []Verdict {
	var verdicts []Verdict
	for _, check := range checks {
		if c, ok := check.(Check); ok {
			v := c.Judge(rec)
			v.Advisory = advisory(check)
			verdicts = append(verdicts, v)
		}
	}
	return verdicts
}

func advisory(check AnyCheck) bool {
	adviser, ok := check.(Adviser)
	return ok && adviser.Advisory()
}

// inOrder returns the run with its records by cell, in the order of the
// scenario's axes, and trial: not as they were played or found on disk, so that
// judging again says the same.
func inOrder(run *Run) *Run {
	sorted := *run
	sorted.Records = slices.Clone(run.Records)
	place := func(c Cell) []int { return placeOf(c, run.Scenario.Axes) }
	slices.SortStableFunc(sorted.Records, func(a, b *Record) int {
		return cmp.Or(slices.Compare(place(a.Cell), place(b.Cell)), cmp.Compare(a.Cell.Name, b.Cell.Name), cmp.Compare(a.Trial, b.Trial))
	})
	return &sorted
}

// cells groups the records, which are in order, by cell.
func (j *judgement) cells() []CellResult {
	var cells []CellResult
	for _, rec := range j.run.Records {
		if n := len(cells); n == 0 || cells[n-1].Cell.Name != rec.Cell.Name {
			cells = append(cells, CellResult{Cell: rec.Cell})
		}
		last := &cells[len(cells)-1]
		last.Trials = append(last.Trials, j.trial(rec))
	}
	return cells
}

// placeOf is where each setting of a cell stands among its axis' values.
func placeOf(cell Cell, axes []Axis) []int {
	var place []int
	for _, axis := range axes {
		for _, s := range cell.Settings {
			if s.Path == axis.Path {
				place = append(place, slices.Index(axis.Values, s.Value))
			}
		}
	}
	return place
}

func (j *judgement) trial(rec *Record) TrialResult {
	sum := j.summaries[rec]
	var charged []Charge
	for _, v := range j.verdicts[rec] {
		charged = append(charged, v.Charges...)
	}
	limit := LimitOf(rec, sum)
	ledgers := maps.Clone(rec.Ledgers)
	if _, testified := ledgers[WitnessStickTable]; testified {
		ledgers[WitnessStickTable] = rec.Counted()
	}
	return TrialResult{
		Trial: rec.Trial, Directory: path.Join(rec.Cell.Name, strconv.Itoa(rec.Trial)),
		Nodes: rec.Nodes, Summary: sum, Counts: counts(ledgers), Customers: customers(ledgers),
		Absent: rec.Absent, Settlement: rec.Settlement, Usage: rec.Usage, Host: rec.Host,
		Bottleneck: limit.Who, Means: limit.What, Why: limit.Why, Failures: rec.Failures, Statistics: rec.Driven.Statistics.Top(), Interrupted: rec.Interrupted,
		Error: rec.Error, Capacity: rec.Capacity, Disturbances: rec.Disturbances,
		Phases: j.phases[rec], Charged: charged, Verdicts: j.verdicts[rec],
	}
}

func counts(ledgers map[string]Ledger) map[string]Tally {
	totals := make(map[string]Tally, len(ledgers))
	for witness, ledger := range ledgers {
		totals[witness] = ledger.Total()
	}
	return totals
}

func customers(ledgers map[string]Ledger) map[string]map[string]Tally {
	all := map[string]map[string]Tally{}
	for witness, ledger := range ledgers {
		for customer, tally := range ledger {
			if all[customer] == nil {
				all[customer] = map[string]Tally{}
			}
			all[customer][witness] = tally
		}
	}
	return all
}
