package reports

import "github.com/haproof/haproof/harness"

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
// pass. Without verdicts it is unknown.
func worst(verdicts []harness.Verdict) harness.Status {
	if len(verdicts) == 0 {
		return harness.Unknown
	}
	status := harness.Pass
	for _, v := range verdicts {
		switch v.Status {
		case harness.Fail:
			return harness.Fail
		case harness.Unknown:
			status = harness.Unknown
		}
	}
	return status
}
