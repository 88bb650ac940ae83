package check

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/haproof/haproof/harness"
)

func TestExpectationsStandForRanges(t *testing.T) {
	facts := func(of term) (uint64, error) {
		switch of.word {
		case termStopping:
			return 12, nil
		case termNear:
			return uint64(of.near / time.Millisecond), nil
		case termAll:
			return 5000, nil
		}
		return 400, nil // set
	}
	for _, test := range []struct {
		text          string
		lost, doubled harness.Range
	}{
		{"", harness.Range{Text: "0"}, harness.Range{Text: "0"}},
		{"lost 0 doubled 0", harness.Range{Text: "0"}, harness.Range{Text: "0"}},
		{"lost 3", harness.Range{Low: 3, High: 3, Text: "3"}, harness.Range{Text: "0"}},
		{"doubled set", harness.Range{Text: "0"}, harness.Range{Low: 400, High: 400, Text: "set"}},
		{"lost 1..stopping", harness.Range{Low: 1, High: 12, Text: "1..stopping"}, harness.Range{Text: "0"}},
		{"  lost  0..stopping+near(300ms)   doubled  all ", harness.Range{High: 312, Text: "0..stopping+near(300ms)"}, harness.Range{Low: 5000, High: 5000, Text: "all"}},
		{"lost near(1.5s)..2*all doubled 2*3*stopping+1", harness.Range{Low: 1500, High: 10000, Text: "near(1.5s)..2*all"}, harness.Range{Low: 73, High: 73, Text: "2*3*stopping+1"}},
		{"lost 20%stopping..40%all+1", harness.Range{Low: 2, High: 2001, Text: "20%stopping..40%all+1"}, harness.Range{Text: "0"}},
		{"lost 2*50%stopping..100%near(300ms)", harness.Range{Low: 12, High: 300, Text: "2*50%stopping..100%near(300ms)"}, harness.Range{Text: "0"}},
		{"lost 1000000000*1000000000*1000000000*all+1", harness.Range{Low: math.MaxUint64, High: math.MaxUint64, Text: "1000000000*1000000000*1000000000*all+1"}, harness.Range{Text: "0"}},
	} {
		e, err := parseExpectation(test.text)
		if err != nil {
			t.Errorf("%q: %v", test.text, err)
			continue
		}
		lost, err1 := e.lost.rangeOf(facts)
		doubled, err2 := e.doubled.rangeOf(facts)
		if diff := cmp.Diff([]harness.Range{test.lost, test.doubled}, []harness.Range{lost, doubled}); diff != "" || err1 != nil || err2 != nil {
			t.Errorf("%q: %v %v %s", test.text, err1, err2, diff)
		}
	}
}

func TestARangeOfWhatNobodyKnowsIsAnError(t *testing.T) {
	e, err := parseExpectation("lost 0..1+2*stopping")
	if err != nil {
		t.Fatal(err)
	}
	want := errors.New("the log is gone")
	if _, err := e.lost.rangeOf(func(term) (uint64, error) { return 0, want }); !errors.Is(err, want) {
		t.Errorf("error %v", err)
	}
	if e, err = parseExpectation("lost stopping"); err != nil {
		t.Fatal(err)
	}
	if _, err := e.lost.rangeOf(func(term) (uint64, error) { return 0, want }); err == nil || err.Error() != want.Error() {
		t.Errorf("error %q, want %q once", err, want)
	}
}

func TestWrongExpectationsSayWhereAndWhat(t *testing.T) {
	for text, want := range map[string]string{
		"lost 0%all":                "column 6: 0% is no part: want 1% to 100%",
		"lost 101%all":              "column 6: 101% is no part: want 1% to 100%",
		"lost 40%":                  "column 9: want a term: an integer, after, all, near, set, stopping",
		"lost 40%7":                 "column 9: want a word after the percentage, such as 40%all",
		"lost 40%2*all":             "column 9: want a word after the percentage, such as 40%all",
		"lost 40%50%all":            "column 9: want a word after the percentage, such as 40%all",
		"lost":                      "column 5: want a blank and a range after lost",
		"lost ":                     "column 6: want a term: an integer, after, all, near, set, stopping",
		"lost 1..stoping":           `column 9: "stoping" is no term: did you mean stopping?`,
		"lost 0..":                  "column 9: want a term",
		"lost 0..1..2":              `column 10: '.' follows the range`,
		"lost 0-3":                  `column 7: '-' follows the range: want +, .. or a blank`,
		"lost -1":                   "column 6: want a term",
		"lost 1+":                   "column 8: want a term",
		"lost 2*":                   "column 8: want a term",
		"lost near":                 "column 10: near needs a duration, such as near(300ms)",
		"lost near(300)":            `column 11: "300" is no duration above 0`,
		"lost near(-1s)":            `column 11: "-1s" is no duration above 0`,
		"lost near(1s":              "column 13: want ) after the duration",
		"lost 0 doubledd 0":         `column 8: "doubledd" is not expected here: write [lost RANGE] [doubled RANGE]; did you mean doubled?`,
		"doubled 0 lost 0":          `column 11: "lost" is not expected here`,
		"lost 0 lost 1":             `column 8: "lost" is not expected here`,
		"nothing":                   `column 1: "nothing" is not expected here`,
		"lost 9999999999":           "column 6: 9999999999 is more than 1000000000",
		"lost 0\tdoubled 0":         `column 7: '\t' follows the range`,
		"lost 99999999999999999999": "column 6: 99999999999999999999 is more than 1000000000",
	} {
		if _, err := parseExpectation(text); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q: error %v, want %s", text, err, want)
		}
	}
}

func FuzzExpectationsNeverPanic(f *testing.F) {
	f.Add("lost 0..stopping+near(300ms) doubled 2*set")
	f.Fuzz(func(t *testing.T, text string) {
		e, err := parseExpectation(text)
		if err != nil {
			return
		}
		if again, err := parseExpectation(e.text); err != nil || len(again.lost.low) != len(e.lost.low) {
			t.Errorf("%q is read once, then not: %v", text, err)
		}
	})
}
