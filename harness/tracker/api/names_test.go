package api

import (
	"testing"

	"github.com/haproof/haproof/harness/tracker"
)

func TestNamesInTextAreToldApart(t *testing.T) {
	for name, want := range map[string]string{
		"c0001":        "c0001",
		"müller.test":  "müller.test",
		"":             "",
		"m\xfcller":    "m%FCller", // Latin-1
		"m%FCller":     "m%25FCller",
		"\xff\xfe":     "%FF%FE",
		"a\xc3":        "a%C3", // cut off in the middle of a character
		"\uFFFD":       "\uFFFD",
		"50%":          "50%25",
		"\xed\xa0\x80": "%ED%A0%80", // a surrogate is no UTF-8
	} {
		if got := tracker.InText(name); got != want {
			t.Errorf("%q: got %q, want %q", name, got, want)
		}
		if got, err := fromText(want); got != name || err != nil {
			t.Errorf("%q: back to %q, %v, want %q", want, got, err, name)
		}
	}
}

func TestNamesThatNobodyWritesSoAreErrors(t *testing.T) {
	for _, text := range []string{
		"50%", "50%2", "%zz", "%+1", // no escapes
		"%61",          // 'a' is not escaped
		"m%fcller",     // digits are upper case
		"m\xfcller",    // no text
		"%C3%BC",       // valid UTF-8 is not escaped
		"a%ED%A0%80%C", // cut off
	} {
		if got, err := fromText(text); err == nil {
			t.Errorf("%q: got %q, want an error", text, got)
		}
	}
}

func FuzzNamesComeBack(f *testing.F) {
	f.Add("m\xfcller 50%")
	f.Fuzz(func(t *testing.T, name string) {
		if got, err := fromText(tracker.InText(name)); got != name || err != nil {
			t.Errorf("%q: got %q, %v", name, got, err)
		}
	})
}
