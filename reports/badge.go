package reports

import (
	"strings"

	"github.com/haproof/haproof/harness"
)

// badge is how a status is shown: by word, sign and class, so that colour is
// never the only bearer.
type badge struct {
	Word  string // PASS, FAIL or UNKNOWN
	Sign  string
	Class string // CSS class and Markdown-safe name
	ansi  string // terminal colour
}

func badgeOf(s harness.Status) badge {
	switch s {
	case harness.Pass:
		return badge{Word: "PASS", Sign: "✓", Class: "pass", ansi: "32"}
	case harness.Fail:
		return badge{Word: "FAIL", Sign: "✗", Class: "fail", ansi: "31"}
	default:
		return badge{Word: "UNKNOWN", Sign: "?", Class: "unknown", ansi: "33"}
	}
}

// worst returns the status that outweighs all others: fail, then unknown, then
// pass. Advice does not weigh. Without verdicts that do it is unknown.
func worst(verdicts []harness.Verdict) harness.Status {
	seen := map[harness.Status]bool{}
	for _, v := range verdicts {
		if !v.Advisory {
			seen[v.Status] = true
		}
	}
	switch {
	case seen[harness.Fail]:
		return harness.Fail
	case seen[harness.Pass] && !seen[harness.Unknown]:
		return harness.Pass
	}
	return harness.Unknown
}

// verdictSentence is the sentence of a result without the word of its status,
// which every format shows by itself.
func verdictSentence(r *harness.Result) string {
	s := sentence(r.Sentence)
	if word := badgeOf(r.Status).Word + ":"; len(s) > len(word) && strings.EqualFold(s[:len(word)], word) {
		s = strings.TrimSpace(s[len(word):])
	}
	if s == "" {
		return "Nothing is said of this run."
	}
	if name, _, _ := strings.Cut(s, " "); strings.HasSuffix(name, ":") {
		return s // it begins with the name of a check
	}
	return title(s)
}
