package reports

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/haproof/haproof/harness"
)

// runCase is the test case that bears a result which no check explains, such
// as that of an interrupted run. Without it an empty suite would look green.
const runCase = "run"

type junitSuites struct {
	XMLName  xml.Name   `xml:"testsuites"`
	Name     string     `xml:"name,attr"`
	Tests    int        `xml:"tests,attr"`
	Failures int        `xml:"failures,attr"`
	Errors   int        `xml:"errors,attr"`
	Skipped  int        `xml:"skipped,attr"`
	Suite    junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	Name       string          `xml:"name,attr"`
	Tests      int             `xml:"tests,attr"`
	Failures   int             `xml:"failures,attr"`
	Errors     int             `xml:"errors,attr"`
	Skipped    int             `xml:"skipped,attr"`
	Time       string          `xml:"time,attr"`
	Timestamp  string          `xml:"timestamp,attr,omitempty"`
	Properties []junitProperty `xml:"properties>property"`
	Cases      []junitCase     `xml:"testcase"`
}

type junitProperty struct {
	Name  string `xml:"name,attr"`
	Value string `xml:"value,attr"`
}

type junitCase struct {
	Class   string        `xml:"classname,attr"`
	Name    string        `xml:"name,attr"`
	Time    string        `xml:"time,attr"`
	Failure *junitFailure `xml:"failure"`
	Skipped *junitSkipped `xml:"skipped"`
	Output  string        `xml:"system-out,omitempty"`
}

type junitFailure struct {
	Message string `xml:"message,attr"`
	Type    string `xml:"type,attr"`
	Text    string `xml:",chardata"`
}

type junitSkipped struct {
	Message string `xml:"message,attr"`
}

// JUnit writes a result as JUnit XML with one test case per check of the
// scenario: fail is a failure with its findings; unknown, and advice that does not
// pass, is skipped with the reason.
func JUnit(w io.Writer, r *harness.Result) error {
	suite := junitSuiteOf(r)
	doc := junitSuites{Name: "haproof", Tests: suite.Tests, Failures: suite.Failures, Skipped: suite.Skipped, Suite: suite}
	b, err := xml.MarshalIndent(doc, "", "  ")
	if err != nil {
		return fmt.Errorf("junit: %w", err)
	}
	_, err = fmt.Fprintf(w, "%s%s\n", xml.Header, b)
	return err
}

func junitSuiteOf(r *harness.Result) junitSuite {
	name := word(r.Scenario.Name)
	s := junitSuite{Name: name, Time: fmt.Sprintf("%.3f", r.Took.Seconds())}
	if !r.Began.IsZero() {
		s.Timestamp = r.Began.UTC().Format(time.RFC3339)
	}
	s.Properties = append(s.Properties, junitProperty{"run", word(r.Run)}, junitProperty{"command", command(r)})
	for _, p := range environment(r) {
		s.Properties = append(s.Properties, junitProperty(p))
	}
	list, more := answers(r.Verdicts, harness.MaxFindings, 10*harness.MaxFindings)
	if worst(r.Verdicts) != r.Status || len(list) == 0 || more > 0 {
		text := verdictSentence(r)
		if more > 0 {
			text += " (" + andMore(more) + " checks)"
		}
		list = append(list, answer{Badge: badgeOf(r.Status), Check: runCase, Sentence: sentence(text)})
	}
	for _, a := range list {
		s.add(junitCaseOf("haproof."+name, a))
	}
	return s
}

// junitCaseOf leaves the time at zero: checks judge a record, they take none.
func junitCaseOf(class string, a answer) junitCase {
	c := junitCase{Class: class, Name: a.Check, Time: "0"}
	switch {
	case a.Advisory && a.Badge.Class != "pass":
		c.Skipped = &junitSkipped{Message: a.Badge.Class + ": " + a.Sentence}
		c.Output = findingLines(a)
	case a.Badge.Class == "fail":
		c.Failure = &junitFailure{Message: a.Sentence, Type: "fail", Text: findingLines(a)}
	case a.Badge.Class == "unknown":
		c.Skipped = &junitSkipped{Message: strings.TrimSpace("unknown: " + a.Sentence)}
		c.Output = findingLines(a)
	default:
		c.Output = a.Sentence
	}
	return c
}

func findingLines(a answer) string {
	var b strings.Builder
	for _, f := range a.Findings {
		fmt.Fprintf(&b, "%s: %s\n", f.Subject, f.Text)
	}
	if a.Omitted > 0 {
		fmt.Fprintln(&b, andMore(a.Omitted))
	}
	return b.String()
}

func (s *junitSuite) add(c junitCase) {
	s.Tests++
	if c.Failure != nil {
		s.Failures++
	}
	if c.Skipped != nil {
		s.Skipped++
	}
	s.Cases = append(s.Cases, c)
}
