package api

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/haproof/haproof/harness/tracker"
)

// fromText is the inverse of tracker.InText. It is an error if that writes no name so.
func fromText(text string) (string, error) {
	if utf8.ValidString(text) && !strings.Contains(text, "%") {
		return text, nil
	}
	name := make([]byte, 0, len(text))
	for i := 0; i < len(text); i++ {
		if text[i] != '%' {
			name = append(name, text[i])
			continue
		}
		if i+2 >= len(text) {
			return "", fmt.Errorf("name %q ends within an escape; '%%' itself is written %%25", text)
		}
		b, err := strconv.ParseUint(text[i+1:i+3], 16, 8)
		if err != nil {
			return "", fmt.Errorf("name %q: %q is no escape; '%%' itself is written %%25", text, text[i:i+3])
		}
		name = append(name, byte(b))
		i += 2
	}
	if want := tracker.InText(string(name)); want != text {
		return "", fmt.Errorf("name %q: that customer is written %q", text, want)
	}
	return string(name), nil
}
