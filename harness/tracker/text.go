package tracker

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// InText returns a name that text formats can carry: '%' and every byte that is not
// part of UTF-8 are written %XX, the rest is left alone. A customer's name is whatever
// bytes HAProxy keyed it by, and encoders of JSON would write each such byte as the
// same U+FFFD: two customers would become one. No two names have the same text.
func InText(name string) string {
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
