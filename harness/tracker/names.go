package tracker

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// namedInText returns counts under names that JSON can carry. A customer's name is
// whatever bytes HAProxy keyed it by. JSON is text: its encoder would write each
// byte that is not part of UTF-8 as the same U+FFFD, and two customers would
// become one.
func namedInText(counts map[string]uint64) map[string]uint64 {
	named := make(map[string]uint64, len(counts))
	for name, n := range counts {
		named[inText(name)] = n
	}
	return named
}

// inText writes '%' and every byte that is not part of UTF-8 as %XX, and leaves the
// rest alone. No two names have the same text.
func inText(name string) string {
	if utf8.ValidString(name) && !strings.Contains(name, "%") {
		return name
	}
	var b strings.Builder
	for len(name) > 0 {
		r, size := utf8.DecodeRuneInString(name)
		if r == '%' || r == utf8.RuneError && size == 1 {
			fmt.Fprintf(&b, "%%%02X", name[0])
		} else {
			b.WriteString(name[:size])
		}
		name = name[size:]
	}
	return b.String()
}
