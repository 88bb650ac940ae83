package plan

import (
	"fmt"
	"strings"
	"time"
)

// Period is the span of time over which a limit counts. All are calendar periods in
// UTC. The zero value is invalid.
type Period uint8

// The periods.
const (
	Hour Period = iota + 1
	Day
	Month
	Total // since ever; it never ends
)

const periods = 4

var periodNames = [periods]string{"hour", "day", "month", "total"}

// ParsePeriod reads the name of a period: hour, day, month or total.
func ParsePeriod(name string) (Period, error) {
	for i, n := range periodNames {
		if n == name {
			return Period(i + 1), nil
		}
	}
	return 0, fmt.Errorf("period %q, want one of %s", name, strings.Join(periodNames[:], ", "))
}

// String is the name that ParsePeriod reads.
func (p Period) String() string {
	if !p.valid() {
		return fmt.Sprintf("period %d", uint8(p))
	}
	return periodNames[p-1]
}

// MarshalText writes the name of the period.
func (p Period) MarshalText() ([]byte, error) {
	if !p.valid() {
		return nil, fmt.Errorf("period %d does not exist", uint8(p))
	}
	return []byte(p.String()), nil
}

// UnmarshalText is ParsePeriod.
func (p *Period) UnmarshalText(text []byte) (err error) {
	*p, err = ParsePeriod(string(text))
	return err
}

// Start is when the period that contains t began; the zero time for Total.
func (p Period) Start(t time.Time) time.Time {
	t = t.UTC()
	switch p {
	case Hour:
		return t.Truncate(time.Hour)
	case Day:
		return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC)
	case Month:
		return time.Date(t.Year(), t.Month(), 1, 0, 0, 0, 0, time.UTC)
	}
	return time.Time{}
}

// End is when the period that contains t is over and the next one begins; the zero
// time for Total.
func (p Period) End(t time.Time) time.Time {
	start := p.Start(t)
	switch p {
	case Hour:
		return start.Add(time.Hour)
	case Day:
		return start.AddDate(0, 0, 1)
	case Month:
		return start.AddDate(0, 1, 0)
	}
	return time.Time{}
}

// previous is when the period before the one that contains t began.
func (p Period) previous(t time.Time) time.Time {
	return p.Start(p.Start(t).Add(-1))
}

func (p Period) valid() bool { return p >= Hour && p <= Total }

// starts is when a period of each kind begins, in Unix seconds; 0 for Total.
type starts [periods]int64

// startsAt are the periods that contain t.
func startsAt(t time.Time) (s starts) {
	for p := Hour; p < Total; p++ {
		s[p-1] = p.Start(t).Unix()
	}
	return s
}

// startsBefore are the periods before those that contain t.
func startsBefore(t time.Time) (s starts) {
	for p := Hour; p < Total; p++ {
		s[p-1] = p.previous(t).Unix()
	}
	return s
}
