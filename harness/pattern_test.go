package harness

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestPatternsAreReadAsTheyAreWritten(t *testing.T) {
	for text, want := range map[string][]Piece{
		"":                       nil,
		"plain":                  {{Text: "plain"}},
		"{seq}":                  {{Place: PlaceSeq}},
		"a{customer}b{user}":     {{Text: "a"}, {Place: PlaceCustomer}, {Text: "b"}, {Place: PlaceUser}},
		"{random:1}{random:64}":  {{Place: PlaceRandom, Width: 1}, {Place: PlaceRandom, Width: 64}},
		"s={cookie:sid-1}":       {{Text: "s="}, {Place: PlaceCookie, Text: "sid-1"}},
		`{{"id":{{"a":"{seq}"}}`: {{Text: `{"id":{"a":"`}, {Place: PlaceSeq}, {Text: `"}}`}},
		"{{{seq}}":               {{Text: "{"}, {Place: PlaceSeq}, {Text: "}"}},
		"}{{}":                   {{Text: "}{}"}},
	} {
		got, err := ParsePattern(text)
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%q: %v %s", text, err, diff)
		}
	}
}

func TestABadPlaceholderIsNamedWithItsColumn(t *testing.T) {
	const known = "known: {seq}, {customer}, {user}, {random:8}, {cookie:NAME}; write {{ for a brace that stands for itself"
	many := strings.Repeat("{seq}", MaxPlaces)
	for text, want := range map[string]PatternError{
		"/a?c={custmer}": {6, "unknown placeholder {custmer}", "did you mean {customer}?"},
		"{}":             {1, "unknown placeholder {}", known},
		`{"a":1}`:        {1, `unknown placeholder {"a":1}`, known},
		"é{x":            {3, "a placeholder without its closing brace", "write {{ for a brace that stands for itself"},
		"{{{seq:1}":      {3, "{seq} takes nothing after a colon", "write {seq}"},
		"{random}":       {1, "{random} does not say how many digits", "write {random:1} to {random:64}"},
		"{random:0}":     {1, "{random:0} does not say how many digits", "write {random:1} to {random:64}"},
		"{random:65}":    {1, "{random:65} does not say how many digits", "write {random:1} to {random:64}"},
		"{random:+8}":    {1, "{random:+8} does not say how many digits", "write {random:1} to {random:64}"},
		"{random:08}":    {1, "{random:08} does not say how many digits", "write {random:1} to {random:64}"},
		"{cookie:}":      {1, "{cookie:} names no cookie", "write such as {cookie:session}"},
		"{cookie:a b}":   {1, "{cookie:a b} names no cookie", "write such as {cookie:session}"},
		many + "{user}":  {5*MaxPlaces + 1, "more than 64 placeholders", ""},
	} {
		_, err := ParsePattern(text)
		var got *PatternError
		if !errors.As(err, &got) {
			t.Errorf("%q is taken", text)
			continue
		}
		if diff := cmp.Diff(&want, got); diff != "" {
			t.Errorf("%q: %s", text, diff)
		}
	}
}
