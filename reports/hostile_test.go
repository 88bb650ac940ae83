package reports

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/haproof/haproof/harness"
)

// evil is a string that tries to leave every format.
const evil = "</title></script><script>alert(1)</script>\"'><img src=x onerror=alert(1)>`|\\|[a](javascript:x)\x1b[31m\u202e]]>&#x1\xff${{x}}{{.}}\n::set-output\n|@all https://evil.test/"

// hostile is a result whose every string is evil and whose every list has n
// entries, or 10,000 if that is less.
func hostile(n int) *harness.Result {
	r := quotaFail()
	r.Sentence, r.Run, r.Scenario.Name, r.Scenario.Question, r.Scenario.Workload.Profile = evil, evil, evil, evil, evil
	r.Environment = harness.Environment{Haproof: evil, OS: evil, CPUModel: evil, Command: evil, Extra: map[string]string{}}
	trial := r.Cells[0].Trials[0]
	trial.Error, trial.Bottleneck, trial.Means, trial.Why, trial.Absent = evil, evil, evil, evil, map[string]string{}
	trial.Nodes, trial.Summary.Series = nil, nil
	r.Verdicts, r.Cells, r.Curves, r.Warnings = nil, nil, nil, nil
	verdict := harness.Verdict{Check: evil, Status: harness.Fail, Sentence: strings.Repeat(evil, 20)}
	curve := harness.Curve{Name: evil, XLabel: evil, YLabel: evil}
	for i := range n {
		s := fmt.Sprint(i) + evil
		verdict.Findings = append(verdict.Findings, harness.Finding{Subject: s, Text: s})
		if i >= 10_000 {
			continue // enough for all other lists
		}
		curve.Points = append(curve.Points, harness.CurvePoint{X: float64(i), Median: 1e300, Bottleneck: evil})
		trial.Nodes = append(trial.Nodes, harness.Node{Name: s, Tier: s, Kind: s, Version: s, Address: s})
		trial.Failures = append(trial.Failures, harness.NodeFailure{Node: s, Reason: s})
		trial.Settlement.Missing = append(trial.Settlement.Missing, s)
		trial.Customers[s] = map[string]harness.Tally{harness.WitnessClient: {Sure: uint64(i)}}
		trial.Summary.Series = append(trial.Summary.Series, harness.Moment{At: time.Duration(i), Length: 1, Done: 1, Errors: 1})
		trial.Summary.Response.Spectrum = append(trial.Summary.Response.Spectrum, harness.SpectrumPoint{Quantile: 0.5})
		r.Environment.Notes = append(r.Environment.Notes, s)
		r.Warnings = append(r.Warnings, s)
	}
	small := trial // the other trials have the strings and not the customers
	small.Customers = map[string]map[string]harness.Tally{evil: {harness.WitnessClient: {Sure: 1}}}
	for i := range min(n, 100) {
		s := fmt.Sprint(i) + evil
		trial.Counts[s], trial.Absent[s], r.Environment.Extra[s] = harness.Tally{Sure: 1}, evil, evil
		r.Verdicts, r.Curves = append(r.Verdicts, verdict), append(r.Curves, curve)
		cell := r.Scenario
		cell.Workload.Route = evil
		r.Cells = append(r.Cells, harness.CellResult{Cell: harness.Cell{Name: evil, Scenario: cell}, Trials: []harness.TrialResult{small}})
	}
	r.Cells[0].Trials[0] = trial
	return r
}

func TestListsAreCappedInEveryFormat(t *testing.T) {
	r := hostile(100_000)
	for name, c := range map[string]struct {
		format Format
		most   int
	}{"html": {HTML, 300_000}, "text": {Text, 300_000}, "markdown": {Markdown, 1 << 20}, "junit": {JUnit, 2 << 20}} {
		if got := render(t, c.format, r); len(got) > c.most {
			t.Errorf("%s takes %d bytes for 100,000 findings, more than %d", name, len(got), c.most)
		} else if !bytes.Contains(got, []byte("more")) {
			t.Errorf("%s leaves entries out and does not say so", name)
		}
	}
	for _, c := range charts(r) {
		if size := len(c.inline()); size > 60_000 {
			t.Errorf("chart %s takes %d bytes", c.ID, size)
		}
	}
}

func TestHostileStringsStayText(t *testing.T) {
	r := hostile(3)
	for name, format := range map[string]Format{"html": HTML, "markdown": Markdown} {
		got := string(render(t, format, r))
		if fence := strings.Index(got, "```sh\n"); fence >= 0 { // a fenced line is literal, and cannot end its fence
			line, rest, _ := strings.Cut(got[fence+6:], "\n")
			if strings.Contains(line, "```") || !strings.HasPrefix(rest, "```\n") {
				t.Errorf("%s: the command leaves its fence: %s", name, line)
			}
			got = got[:fence] + rest
		}
		for _, tag := range []string{"<script", "<img", "</title></", "[a]("} {
			if strings.Contains(got, tag) && (name != "html" || tag != "[a](") {
				t.Errorf("%s lets %q through", name, tag)
			}
		}
	}
	for name, format := range map[string]Format{"html": HTML, "markdown": Markdown, "text": Text, "junit": JUnit, "bench": Bench} {
		for _, c := range string(render(t, format, r)) {
			if unicode.IsControl(c) && c != '\n' && c != '\t' || unicode.In(c, unicode.Cf) {
				t.Errorf("%s lets the control character %U through", name, c)
				break
			}
		}
	}
}

func TestMarkdownCellsStayInTheirRow(t *testing.T) {
	for line := range strings.Lines(string(render(t, Markdown, hostile(3)))) {
		if !strings.HasPrefix(line, "| ") || strings.HasPrefix(line, "| verdict") {
			continue
		}
		bars := strings.Count(strings.NewReplacer(`\\`, "", `\|`, "").Replace(line), "|")
		if bars != 4 && bars != 6 && bars != 7 && bars < 8 {
			t.Errorf("a row has %d bars: %s", bars, line)
		}
	}
}

func TestXMLIsWellFormed(t *testing.T) {
	results := []*harness.Result{hostile(3), {}}
	for _, build := range fixtures {
		results = append(results, build())
	}
	for _, r := range results {
		wellFormed(t, "junit.xml", render(t, JUnit, r))
		for _, c := range charts(r) {
			wellFormed(t, c.ID+".svg", []byte(c.svg(true)))
			wellFormed(t, c.ID+" inline", []byte(c.inline()))
		}
		if drawn := topology(r); drawn != "" {
			wellFormed(t, "topology", []byte(drawn))
		}
	}
}

func wellFormed(t *testing.T, name string, b []byte) {
	t.Helper()
	dec := xml.NewDecoder(bytes.NewReader(b))
	for {
		if _, err := dec.Token(); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			t.Fatalf("%s is no XML: %v", name, err)
		}
	}
}

func TestEmptyResultIsUnknownInEveryFormat(t *testing.T) {
	for name, format := range map[string]Format{"html": HTML, "text": Text, "markdown": Markdown, "junit": JUnit, "bench": Bench} {
		got := render(t, format, &harness.Result{})
		if !regexp.MustCompile(`(?i)unknown`).Match(got) || bytes.Contains(got, []byte("PASS")) {
			t.Errorf("%s of an empty result does not say unknown, or says pass:\n%s", name, got)
		}
	}
}
