package reports

import "github.com/haproof/haproof/harness"

// maxChecks bounds the checks of one result that are shown.
const maxChecks = 40

// answer is one check's verdict, ready to be shown.
type answer struct {
	Badge    badge
	Check    string
	Sentence string
	Findings []finding
	Omitted  int // findings that exist and are not listed
}

// finding is one particular of a verdict.
type finding struct{ Subject, Text string }

// answers prepares the rolled-up verdicts of a result with at most limit
// findings each.
func answers(verdicts []harness.Verdict, limit int) (list []answer, omitted int) {
	verdicts, omitted = first(verdicts, maxChecks)
	for _, v := range verdicts {
		a := answer{Badge: badgeOf(v.Status), Check: word(v.Check), Sentence: sentence(v.Sentence), Omitted: max(v.Omitted, 0)}
		kept, more := first(v.Findings, limit)
		a.Omitted += more
		for _, f := range kept {
			a.Findings = append(a.Findings, finding{word(f.Subject), sentence(f.Text)})
		}
		list = append(list, a)
	}
	return list, omitted
}

// maxProblems bounds the troubles of a run that are shown.
const maxProblems = 20

// problems lists what went wrong while playing: errors of trials, interrupted
// trials, nodes that died, labs that did not come to rest.
func problems(r *harness.Result) (list []string, omitted int) {
	for _, ct := range trials(r) {
		where := ""
		if name := ct.name(r); name != "" {
			where = name + ": "
		}
		if ct.trial.Error != "" {
			list = append(list, where+sentence(ct.trial.Error))
		}
		if ct.trial.Interrupted {
			list = append(list, where+"the trial was interrupted")
		}
		for _, f := range ct.trial.Failures {
			list = append(list, where+"node "+word(f.Node)+" died: "+sentence(f.Reason))
		}
		if s := ct.trial.Settlement; !s.Settled && len(s.Missing) > 0 {
			list = append(list, where+"did not come to rest: "+joined(s.Missing, 5))
		}
	}
	return first(list, maxProblems)
}
