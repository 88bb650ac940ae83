package reports

import (
	"strings"
	"testing"
)

// TestProblemsAreNotToldTwice: the warnings tell of an interrupted trial already.
func TestProblemsAreNotToldTwice(t *testing.T) {
	r := interruptedRun()
	const text = "the trial was interrupted"
	r.Warnings = []string{text}
	for name, format := range map[string]Format{"text": Text, "Markdown": Markdown} {
		if got := string(render(t, format, r)); strings.Count(got, text) != 1 {
			t.Errorf("%s says it %d times:\n%s", name, strings.Count(got, text), got)
		}
	}
	if list, _ := problems(r); len(list) == 0 {
		t.Error("its error is a problem still")
	}
}
