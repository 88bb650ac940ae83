package api

import (
	"fmt"
	"strconv"
	"time"
)

// grouped writes a number with a comma between thousands.
func grouped(n uint64) string {
	text := strconv.FormatUint(n, 10)
	for at := len(text) - 3; at > 0; at -= 3 {
		text = text[:at] + "," + text[at:]
	}
	return text
}

// perSecond writes a rate: with a digit after the point while it is small.
func perSecond(rate float64) string {
	switch {
	case rate == 0:
		return "0"
	case rate < 0.1:
		return "< 0.1"
	case rate < 100:
		return strconv.FormatFloat(rate, 'f', 1, 64)
	default:
		return grouped(uint64(rate + 0.5))
	}
}

// ago writes how long something lasts, roughly.
func ago(d time.Duration) string {
	switch {
	case d < time.Second:
		return "less than 1 s"
	case d < 2*time.Minute:
		return fmt.Sprintf("%d s", int(d.Seconds()))
	case d < 2*time.Hour:
		return fmt.Sprintf("%d min", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h", int(d.Hours()))
	default:
		return fmt.Sprintf("%d days", int(d.Hours()/24))
	}
}

// percent writes used/limit without ever rounding up to a limit that is not reached.
func percent(used, limit uint64) string {
	m := millionths(used, limit)
	switch {
	case m > 10_000_000:
		return "over 1000 %"
	case m > 0 && m < 10_000:
		return "< 1 %"
	default:
		return fmt.Sprintf("%d %%", m/10_000)
	}
}
