package reports

import (
	"slices"

	"github.com/haproof/haproof/harness"
)

// maxChecks bounds the checks of one result that are shown.
const maxChecks = 40

// answer is one check's verdict, ready to be shown.
type answer struct {
	Badge    badge
	Check    string
	Sentence string
	Findings []finding
	Omitted  int  // findings that exist and are not listed
	Advisory bool // does not weigh in the result's status
}

// finding is one particular of a verdict.
type finding struct{ Subject, Text string }

// answers prepares the rolled-up verdicts of a result with at most each
// findings per check and total findings altogether.
func answers(verdicts []harness.Verdict, each, total int) (list []answer, omitted int) {
	verdicts, omitted = first(verdicts, maxChecks)
	for _, v := range verdicts {
		a := answer{Badge: badgeOf(v.Status), Check: word(v.Check), Sentence: sentence(v.Sentence), Omitted: max(v.Omitted, 0), Advisory: v.Advisory}
		if v.Advisory {
			a.Sentence = sentence("(advice only) " + v.Sentence)
		}
		kept, more := first(v.Findings, min(each, total))
		total -= len(kept)
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
// trials, nodes that died, labs that did not come to rest. What is a warning already is
// left out.
func problems(r *harness.Result) (list []string, omitted int) {
	told := warnings(r, everything)
	for _, ct := range trials(r) {
		where := ""
		if name := ct.name(r); name != "" {
			where = name + ": "
		}
		kept, more := first(problemsOf(ct.trial), maxProblems-len(list))
		for _, p := range kept {
			if text := where + p(); !slices.Contains(told, text) {
				list = append(list, text)
			}
		}
		omitted += more
	}
	return list, omitted
}

// problemsOf lists the troubles of one trial, each written only when asked:
// there may be very many of them.
func problemsOf(t *harness.TrialResult) []func() string {
	var list []func() string
	if t.Error != "" {
		list = append(list, func() string { return sentence(t.Error) })
	}
	if t.Interrupted {
		list = append(list, func() string { return "the trial was interrupted" })
	}
	for _, f := range t.Failures {
		list = append(list, func() string { return "node " + word(f.Node) + " died: " + sentence(f.Reason) })
	}
	if s := t.Settlement; !s.Settled && len(s.Missing) > 0 {
		list = append(list, func() string { return "did not come to rest: " + joined(s.Missing, 5) })
	}
	return list
}
