package harness

import (
	"fmt"
	"slices"
	"strings"
)

// rollUp makes one verdict per check and stage: over all trials, or of the run.
func (j *judgement) rollUp() []Verdict {
	var verdicts []Verdict
	nth := 0
	for _, check := range j.checks {
		if _, ok := check.(Check); ok {
			verdicts = append(verdicts, j.over(check, nth))
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
func (j *judgement) over(check AnyCheck, nth int) Verdict {
	all := Verdict{Check: check.Name(), Sentence: "no trial was played", Advisory: advisory(check)}
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
// check, which is a scenario's central one, and for a lone trial the first too.
func (j *judgement) conclude(verdicts []Verdict) (Status, string) {
	verdicts = slices.DeleteFunc(slices.Clone(verdicts), func(v Verdict) bool { return v.Advisory })
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
	if why := j.unfinished(); why != "" {
		return Unknown, "Unknown: " + why + "."
	}
	last, first := verdicts[len(verdicts)-1], verdicts[0]
	if len(verdicts) == 1 || len(j.run.Records) > 1 { // of many trials, the central answer is enough
		return Pass, "Pass: " + last.Sentence + "."
	}
	return Pass, "Pass: " + last.Sentence + "; " + first.Sentence + "."
}

// unfinished says which trials are not whole, whatever the checks made of what is
// there; empty if all are.
func (j *judgement) unfinished() string {
	n, first := 0, ""
	for _, rec := range j.run.Records {
		why := rec.Error
		if rec.Interrupted {
			why = "it was interrupted"
		}
		if why == "" {
			continue
		}
		if n++; n == 1 {
			first = j.label(rec, why)
		}
	}
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("%d of %d trials could not be finished: %s", n, len(j.run.Records), first)
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
