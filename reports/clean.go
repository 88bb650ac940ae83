package reports

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Limits of what a report prints of one string, in runes.
const (
	maxWord     = 60   // a name in a table
	maxSentence = 400  // a sentence
	maxCommand  = 1000 // a command line
)

// clip makes one harmless line of a string: control, formatting and private-use
// characters (a terminal would obey some) become spaces, invalid UTF-8 becomes U+FFFD, and what is
// longer than limit runes ends in an ellipsis.
func clip(s string, limit int) string {
	if len(s) > limit*utf8.UTFMax {
		s = s[:limit*utf8.UTFMax]
	}
	var b strings.Builder
	n := 0
	for _, r := range strings.TrimSpace(s) {
		if n++; n > limit {
			return b.String() + "…"
		}
		if unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Co) || r == '\u2028' || r == '\u2029' {
			r = ' '
		}
		b.WriteRune(r)
	}
	return b.String()
}

// word clips a name.
func word(s string) string { return clip(s, maxWord) }

// sentence clips a sentence.
func sentence(s string) string { return clip(s, maxSentence) }

// first returns at most limit entries and how many were left out.
func first[T any](list []T, limit int) ([]T, int) {
	if len(list) <= limit {
		return list, 0
	}
	return list[:limit], len(list) - limit
}

// andMore is the line that ends a capped list.
func andMore(omitted int) string { return "and " + count(omitted) + " more" }
