package api

import (
	"time"

	"github.com/haproof/haproof/harness/tracker"
)

// maxBuckets bounds the buckets between from and to: the hours of more than two years.
const maxBuckets = 20_000

// bucket is what usage is added up by: hour, day or month, in UTC.
type bucket string

const (
	byHour  bucket = "hour"
	byDay   bucket = "day"
	byMonth bucket = "month"
)

// start returns when the bucket begins in which t lies.
func (b bucket) start(t time.Time) time.Time {
	t = t.UTC()
	switch b {
	case byMonth:
		return time.Date(t.Year(), t.Month(), 1, 0, 0, 0, 0, time.UTC)
	case byDay:
		return t.Truncate(24 * time.Hour)
	default:
		return t.Truncate(time.Hour)
	}
}

// next returns when the bucket begins that follows the one which begins at start.
func (b bucket) next(start time.Time) time.Time {
	switch b {
	case byMonth:
		return start.AddDate(0, 1, 0)
	case byDay:
		return start.AddDate(0, 0, 1)
	default:
		return start.Add(time.Hour)
	}
}

// shortest is how long a bucket takes at least.
func (b bucket) shortest() time.Duration {
	switch b {
	case byMonth:
		return 28 * 24 * time.Hour
	case byDay:
		return 24 * time.Hour
	default:
		return time.Hour
	}
}

// usual returns where a period begins that ends now, if the question does not say:
// a day by the hour, a month by the day, a year by the month.
func (b bucket) usual(to time.Time) time.Time {
	switch b {
	case byMonth:
		return b.start(to.Add(-time.Hour)).AddDate(0, -11, 0)
	case byDay:
		return b.start(to.Add(-time.Hour)).AddDate(0, 0, -29)
	default:
		return to.Add(-24 * time.Hour)
	}
}

// period is the usage that is asked for.
type period struct {
	from, to time.Time // full hours, UTC
	by       bucket
}

// paramsPeriod are the parameters that a period is read from.
var paramsPeriod = []string{"from", "to", "bucket"}

// period reads from, to and bucket. Without to, the current hour is the last.
func (p params) period(now time.Time) (period, error) {
	word, err := p.choice("bucket", string(byHour), string(byDay), string(byMonth))
	if err != nil {
		return period{}, err
	}
	at := period{by: bucket(word)}
	if at.to, err = p.moment("to", now.UTC().Truncate(time.Hour).Add(time.Hour)); err != nil {
		return period{}, err
	}
	if at.from, err = p.moment("from", at.by.usual(at.to)); err != nil {
		return period{}, err
	}
	if !at.from.Before(at.to) {
		return period{}, wrong("from", "from %s is not before to %s", at.from.Format(time.RFC3339), at.to.Format(time.RFC3339))
	}
	if n := at.to.Sub(at.from) / at.by.shortest(); n > maxBuckets {
		return period{}, wrong("bucket", "more than %d %ss from %s to %s; ask for less, or by longer buckets",
			maxBuckets, at.by, at.from.Format(time.DateOnly), at.to.Format(time.DateOnly))
	}
	return at, nil
}

// query asks a tracker for the usage of customers, nil for all.
func (p period) query(customers []uint32) tracker.UsageQuery {
	return tracker.UsageQuery{Customers: customers, From: tracker.HourOf(p.from), To: tracker.HourOf(p.to)}
}
