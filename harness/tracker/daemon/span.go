package daemon

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Span is a time as configuration files write it: 90s, 48h, and also 400d.
type Span time.Duration

// UnmarshalText reads a span, which must not be negative.
func (s *Span) UnmarshalText(text []byte) error {
	d, err := parseSpan(string(text))
	if err != nil {
		return err
	}
	*s = Span(d)
	return nil
}

const day = 24 * time.Hour

func parseSpan(text string) (time.Duration, error) {
	if days, ok := strings.CutSuffix(text, "d"); ok {
		n, err := strconv.ParseUint(days, 10, 16)
		if err != nil {
			return 0, fmt.Errorf("span %q: want a number of days up to %d, such as 400d", text, 1<<16-1)
		}
		return time.Duration(n) * day, nil
	}
	d, err := time.ParseDuration(text)
	if err != nil || d < 0 {
		return 0, fmt.Errorf("span %q: want something like 90s, 48h or 400d", text)
	}
	return d, nil
}
