package reports

import (
	"math"
	"testing"
	"time"
)

func TestNumbersReadAsOnPaper(t *testing.T) {
	for _, c := range []struct{ got, want string }{
		{count(0), "0"},
		{count(999), "999"},
		{count(1000), "1,000"},
		{count(uint64(math.MaxUint64)), "18,446,744,073,709,551,615"},
		{count(-50123), "−50,123"},
		{signed(3), "+3"},
		{decimal(7.1), "7.1"},
		{decimal(-0.25), "−0.25"},
		{decimal(12.34), "12.3"},
		{decimal(99.99), "100"}, // not 99.99, which would claim four digits
		{decimal(7320.4), "7,320"},
		{decimal(math.NaN()), "–"},
		{percent(0.934), "93 %"},
		{percent(0.9996), "100.0 %"}, // the decimal says that it is not all
		{percent(1), "100 %"},
		{percent(0.001), "0.1 %"},
		{duration(0), "0 ms"},
		{duration(850 * time.Microsecond), "850 µs"},
		{duration(999_600 * time.Nanosecond), "1 ms"},
		{duration(8234 * time.Microsecond), "8.23 ms"},
		{duration(1250 * time.Millisecond), "1.25 s"},
		{duration(125 * time.Second), "2 min 5 s"},
		{duration(-time.Second), "−1 s"},
		{quantileName(0.99), "p99"},
		{quantileName(0.999), "p99.9"},
		{plural(1, "witness"), "1 witness"},
		{plural(5, "witness"), "5 witnesses"},
	} {
		if c.got != c.want {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
	}
}
