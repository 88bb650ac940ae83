package harness

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
)

// AnyCheck is a Check, a RunCheck or both.
type AnyCheck interface{ Name() string }

// Judge lets the checks judge every record and the run as a whole, and builds
// the result. Fail outweighs Unknown outweighs Pass. No check, no record or a
// trial that was never played leaves at most Unknown.
func Judge(run *Run, checks []AnyCheck) *Result {
	j := &judgement{run: run, checks: checks, verdicts: map[*Record][]Verdict{}, summaries: map[*Record]Summary{}}
	for _, rec := range run.Records {
		j.summaries[rec] = Summarise(rec)
		j.verdicts[rec] = judgeRecord(rec, checks)
	}
	r := &Result{
		Schema: ResultSchema, Run: run.ID, Scenario: run.Scenario,
		Began: run.Began, Took: max(0, run.Ended.Sub(run.Began)),
		Cells:  j.cells(),
		Curves: curves(run.Records, func(rec *Record) Summary { return j.summaries[rec] }),
	}
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
}

func judgeRecord(rec *Record, checks []AnyCheck) []Verdict {
	var verdicts []Verdict
	for _, check := range checks {
		if c, ok := check.(Check); ok {
			verdicts = append(verdicts, c.Judge(rec))
		}
	}
	return verdicts
}

// cells groups the records by cell, in the order of the scenario's axes, each
// with its trials in order.
func (j *judgement) cells() []CellResult {
	records := slices.Clone(j.run.Records)
	slices.SortStableFunc(records, func(a, b *Record) int {
		return cmp.Or(slices.Compare(j.place(a.Cell), j.place(b.Cell)), cmp.Compare(a.Cell.Name, b.Cell.Name), cmp.Compare(a.Trial, b.Trial))
	})
	var cells []CellResult
	for _, rec := range records {
		if n := len(cells); n == 0 || cells[n-1].Cell.Name != rec.Cell.Name {
			cells = append(cells, CellResult{Cell: rec.Cell})
		}
		last := &cells[len(cells)-1]
		last.Trials = append(last.Trials, j.trial(rec))
	}
	return cells
}

// place is where each setting of a cell stands among its axis' values.
func (j *judgement) place(cell Cell) []int {
	var place []int
	for _, axis := range j.run.Scenario.Axes {
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
	return TrialResult{
		Trial: rec.Trial, Directory: path.Join(rec.Cell.Name, strconv.Itoa(rec.Trial)),
		Nodes: rec.Nodes, Summary: sum, Counts: counts(rec.Ledgers), Customers: customers(rec.Ledgers),
		Absent: rec.Absent, Settlement: rec.Settlement, Usage: rec.Usage, Host: rec.Host,
		Bottleneck: Bottleneck(rec, sum), Failures: rec.Failures, Interrupted: rec.Interrupted,
		Error: rec.Error, Verdicts: j.verdicts[rec],
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

// rollUp makes one verdict per check and stage: over all trials, or of the run.
func (j *judgement) rollUp() []Verdict {
	var verdicts []Verdict
	nth := 0
	for _, check := range j.checks {
		if _, ok := check.(Check); ok {
			verdicts = append(verdicts, j.over(check.Name(), nth))
			nth++
		}
		if c, ok := check.(RunCheck); ok {
			verdicts = append(verdicts, c.JudgeRun(j.run))
		}
	}
	return verdicts
}

// over rolls up the nth verdict of every record. The sentence is that of the
// first trial that has the worst status.
func (j *judgement) over(name string, nth int) Verdict {
	all := Verdict{Check: name, Sentence: "no trial was played"}
	if len(j.run.Records) == 0 {
		return all
	}
	all.Status = Pass
	for _, rec := range j.run.Records {
		all.Status = worse(all.Status, j.verdicts[rec][nth].Status)
	}
	same := 0
	for _, rec := range j.run.Records {
		v := j.verdicts[rec][nth]
		if v.Status != all.Status {
			continue
		}
		if same++; same == 1 {
			all.Sentence = j.label(rec, v.Sentence)
		}
		j.addFindings(&all, rec, v)
	}
	if len(j.run.Records) > 1 {
		all.Sentence = fmt.Sprintf("%d of %d trials %s, such as %s", same, len(j.run.Records), statusPhrase(all.Status, same), all.Sentence)
	}
	return all
}

func (j *judgement) addFindings(all *Verdict, rec *Record, v Verdict) {
	for _, f := range v.Findings {
		if len(all.Findings) >= MaxFindings {
			all.Omitted++
			continue
		}
		all.Findings = append(all.Findings, Finding{Subject: j.label(rec, f.Subject), Text: f.Text})
	}
	all.Omitted += v.Omitted
}

// label says which trial a text is of, where there are several.
func (j *judgement) label(rec *Record, text string) string {
	if len(j.run.Records) == 1 {
		return text
	}
	return fmt.Sprintf("%s, trial %d: %s", rec.Cell.Name, rec.Trial, text)
}

func statusPhrase(s Status, n int) string {
	one, many := "passes", "pass"
	switch s {
	case Fail:
		one, many = "fails", "fail"
	case Unknown:
		one, many = "is unknown", "are unknown"
	}
	if n == 1 {
		return one
	}
	return many
}

// worse returns the status that outweighs the other.
func worse(a, b Status) Status {
	weight := func(s Status) int { return slices.Index([]Status{Pass, Unknown, Fail}, s) }
	if weight(b) > weight(a) {
		return b
	}
	return a
}

// conclude gives the run its status and its sentence. A pass quotes the last
// check, which is a scenario's central one, and the first.
func (j *judgement) conclude(verdicts []Verdict) (Status, string) {
	status := Pass
	for _, v := range verdicts {
		status = worse(status, v.Status)
	}
	played, planned := len(j.run.Records), planned(j.run.Scenario)
	switch {
	case status == Fail:
		return Fail, "Fail: " + quoteWorst(verdicts, Fail) + "."
	case played == 0:
		return Unknown, "Unknown: no trial was played."
	case len(verdicts) == 0:
		return Unknown, "Unknown: no check judged the run."
	case played < planned:
		return Unknown, fmt.Sprintf("Unknown: only %d of %d trials were played.", played, planned)
	case status == Unknown:
		return Unknown, "Unknown: " + quoteWorst(verdicts, Unknown) + "."
	}
	last, first := verdicts[len(verdicts)-1], verdicts[0]
	if len(verdicts) == 1 {
		return Pass, "Pass: " + last.Sentence + "."
	}
	return Pass, "Pass: " + last.Sentence + "; " + first.Sentence + "."
}

// quoteWorst quotes the last verdict of a status and counts the others.
func quoteWorst(verdicts []Verdict, status Status) string {
	var quote string
	var others []string
	for _, v := range slices.Backward(verdicts) {
		switch {
		case v.Status != status:
		case quote == "":
			quote = v.Check + ": " + v.Sentence
		default:
			others = append(others, v.Check)
		}
	}
	if len(others) > 0 {
		slices.Reverse(others)
		quote += "; also " + strings.Join(others, ", ")
	}
	return quote
}

// planned is how many trials the scenario asks for.
func planned(sc Scenario) int {
	n := max(1, sc.Trials)
	for _, axis := range sc.Axes {
		n *= len(axis.Values)
	}
	return n
}
