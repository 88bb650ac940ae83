package reports

import (
	"strings"
	"testing"

	"github.com/haproof/haproof/harness"
)

func TestGapIsOnlyWhatLiesOutsideOfBothIntervals(t *testing.T) {
	for _, c := range []struct {
		client, witness harness.Tally
		want            int64
	}{
		{harness.Tally{Sure: 10}, harness.Tally{Sure: 10}, 0},
		{harness.Tally{Sure: 10}, harness.Tally{Sure: 9}, -1},
		{harness.Tally{Sure: 10}, harness.Tally{Sure: 12}, 2},
		{harness.Tally{Sure: 10, Unsure: 2}, harness.Tally{Sure: 12}, 0},
		{harness.Tally{Sure: 10, Unsure: 2}, harness.Tally{Sure: 13}, 1},
		{harness.Tally{Sure: 10}, harness.Tally{Sure: 8, Unsure: 2}, 0},
		{harness.Tally{Sure: 10}, harness.Tally{Sure: 8, Unsure: 1}, -1},
		{harness.Tally{Sure: 10}, harness.Tally{}, -10}, // a customer that the witness never saw
	} {
		if got := gap(c.client, c.witness); got != c.want {
			t.Errorf("gap(%v, %v) = %d, want %d", c.client, c.witness, got, c.want)
		}
	}
}

func TestGapsOfOppositeSignsDoNotCancel(t *testing.T) {
	trial := quotaFail().Cells[0].Trials[0]
	s := spreadOf(&trial)
	if s.Differing != 3 || s.Gap != 9 {
		t.Errorf("got %d customers and %d answers off, want 3 and 9 (5 + 3 + 1)", s.Differing, s.Gap)
	}
}

func TestZeroDifferencesAreGreenOnlyWhenProven(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*harness.TrialResult)
		want   string
	}{
		"all agree": {func(*harness.TrialResult) {}, "pass"},
		"a witness is absent": {func(t *harness.TrialResult) {
			delete(t.Counts, harness.WitnessTracker)
			t.Absent = map[string]string{harness.WitnessTracker: "gone"}
		}, ""},
		"an attempt is unsure": {func(t *harness.TrialResult) {
			t.Counts[harness.WitnessClient] = harness.Tally{Sure: 1, Unsure: 1}
		}, ""},
	} {
		trial := quotaPass().Cells[0].Trials[0]
		c.change(&trial)
		list := countFacts(&trial)
		last := list[len(list)-1]
		if last.Figure != "0" || last.Class != c.want {
			t.Errorf("%s: got %+v, want class %q", name, last, c.want)
		}
	}
}

func TestWarningsStandBesideTheirNumbers(t *testing.T) {
	for _, c := range []struct {
		warning string
		want    topic
	}{
		{"the generator sent late: lag p99 12ms, which is part of every latency", aboutLatency},
		{"the hypervisor stole 3.1 % of the CPU time", aboutRates},
		{"the lab had not settled: proxy1 has unsent updates", aboutCounts},
		{"witness tracker could not testify: connection refused", aboutCounts},
		{"only 3 of 24 trials were played", everything},
	} {
		if got := topicOf(c.warning); got != c.want {
			t.Errorf("%q: got topic %d, want %d", c.warning, got, c.want)
		}
	}
}

func TestEveryWarningIsShownInEveryReportForReaders(t *testing.T) {
	for name, build := range fixtures {
		r := build()
		r.Warnings = append(r.Warnings, "only 3 of 24 trials were played")
		for format, f := range map[string]Format{"text": Text, "markdown": Markdown, "html": HTML} {
			got := strings.Join(strings.Fields(string(render(t, f, r))), " ")
			for _, w := range r.Warnings {
				if !strings.Contains(got, w) {
					t.Errorf("%s of %s does not say %q", format, name, w)
				}
			}
		}
	}
}

func TestVerdictSentenceDoesNotRepeatTheVerdict(t *testing.T) {
	for _, c := range []struct {
		status         harness.Status
		sentence, want string
	}{
		{harness.Fail, "Fail: quota-exact: 3 customers differ.", "quota-exact: 3 customers differ."},
		{harness.Unknown, "Unknown: only 3 of 24 trials were played.", "Only 3 of 24 trials were played."},
		{harness.Pass, "Five witnesses agree.", "Five witnesses agree."},
		{harness.Pass, "Fail: this is no pass.", "Fail: this is no pass."}, // a contradiction stays in sight
		{harness.Unknown, "", "Nothing is said of this run."},
	} {
		if got := verdictSentence(&harness.Result{Status: c.status, Sentence: c.sentence}); got != c.want {
			t.Errorf("%v %q: got %q, want %q", c.status, c.sentence, got, c.want)
		}
	}
}
