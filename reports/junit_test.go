package reports

import (
	"encoding/xml"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/haproof/haproof/harness"
)

func TestJUnitCountsAreThoseOfItsCases(t *testing.T) {
	crashed := &harness.Result{Status: harness.Fail, Sentence: "it broke", Verdicts: []harness.Verdict{{Check: "a", Status: harness.Pass}}}
	advised := quotaPass()
	advised.Verdicts[1].Status, advised.Verdicts[1].Advisory = harness.Fail, true
	for name, c := range map[string]struct {
		result *harness.Result
		want   [3]int // cases, failures, skipped
	}{
		"all checks pass":                            {quotaPass(), [3]int{4, 0, 0}},
		"one check fails":                            {quotaFail(), [3]int{4, 1, 0}},
		"unknown is skipped":                         {interruptedRun(), [3]int{4, 0, 3}},
		"nothing was judged":                         {&harness.Result{}, [3]int{1, 0, 1}},
		"the run failed though its one check passed": {crashed, [3]int{2, 1, 0}},
		"advice does not turn the build red":         {advised, [3]int{4, 0, 1}},
	} {
		var doc junitSuites
		if err := xml.Unmarshal(render(t, JUnit, c.result), &doc); err != nil {
			t.Fatal(err)
		}
		var cases [3]int
		for _, tc := range doc.Suite.Cases {
			cases[0]++
			if tc.Failure != nil {
				cases[1]++
			}
			if tc.Skipped != nil {
				cases[2]++
			}
		}
		if diff := cmp.Diff(c.want, cases); diff != "" {
			t.Errorf("%s: cases, failures, skipped (-want +got):\n%s", name, diff)
		}
		if said := [3]int{doc.Tests, doc.Failures, doc.Skipped}; said != cases {
			t.Errorf("%s: the suite says %v of its cases, which are %v", name, said, cases)
		}
	}
}

func TestTerminalColoursOnlyTheWordsOfVerdicts(t *testing.T) {
	var plain, coloured strings.Builder
	if err := Terminal(&plain, quotaFail(), false); err != nil {
		t.Fatal(err)
	}
	if err := Terminal(&coloured, quotaFail(), true); err != nil {
		t.Fatal(err)
	}
	strip := strings.NewReplacer("\x1b[1;31m", "", "\x1b[1;32m", "", "\x1b[1;33m", "", "\x1b[0m", "")
	if diff := cmp.Diff(plain.String(), strip.Replace(coloured.String())); diff != "" {
		t.Errorf("colour changes the text:\n%s", diff)
	}
	if got := strings.Count(coloured.String(), "\x1b[0m"); got != 5 {
		t.Errorf("%d words are coloured, want 5: the verdict and four checks", got)
	}
}
