package plan

import (
	"testing"
	"time"
)

func TestPeriodsAreThoseOfTheCalendarInUTC(t *testing.T) {
	india := time.FixedZone("IST", 5*3600+1800)
	for _, c := range []struct {
		period             Period
		at                 time.Time
		previous, from, to string
	}{
		{Hour, at("2026-12-31 23:59:59"), "2026-12-31 22:00:00", "2026-12-31 23:00:00", "2027-01-01 00:00:00"},
		{Hour, at("2027-01-01 00:00:00"), "2026-12-31 23:00:00", "2027-01-01 00:00:00", "2027-01-01 01:00:00"},
		{Hour, time.Date(2026, 5, 1, 0, 15, 0, 0, india), "2026-04-30 17:00:00", "2026-04-30 18:00:00", "2026-04-30 19:00:00"}, // half an hour apart
		{Day, at("2028-02-29 12:00:00"), "2028-02-28 00:00:00", "2028-02-29 00:00:00", "2028-03-01 00:00:00"},
		{Day, at("2027-02-28 12:00:00"), "2027-02-27 00:00:00", "2027-02-28 00:00:00", "2027-03-01 00:00:00"},
		{Day, time.Date(2026, 5, 1, 3, 0, 0, 0, india), "2026-04-29 00:00:00", "2026-04-30 00:00:00", "2026-05-01 00:00:00"}, // yesterday in UTC
		{Month, at("2028-02-29 23:59:59"), "2028-01-01 00:00:00", "2028-02-01 00:00:00", "2028-03-01 00:00:00"},
		{Month, at("2028-03-31 00:00:00"), "2028-02-01 00:00:00", "2028-03-01 00:00:00", "2028-04-01 00:00:00"}, // no 31 February
		{Month, at("2027-01-31 00:00:00"), "2026-12-01 00:00:00", "2027-01-01 00:00:00", "2027-02-01 00:00:00"},
		{Month, at("2026-12-31 23:59:59"), "2026-11-01 00:00:00", "2026-12-01 00:00:00", "2027-01-01 00:00:00"},
		{Month, at("2100-02-28 00:00:00"), "2100-01-01 00:00:00", "2100-02-01 00:00:00", "2100-03-01 00:00:00"}, // no leap year
	} {
		previous, from, to := c.period.previous(c.at), c.period.Start(c.at), c.period.End(c.at)
		if !previous.Equal(at(c.previous)) || !from.Equal(at(c.from)) || !to.Equal(at(c.to)) {
			t.Errorf("%s of %v: after %v from %v to %v, want after %s from %s to %s",
				c.period, c.at, previous, from, to, c.previous, c.from, c.to)
		}
		if from.Location() != time.UTC || to.Location() != time.UTC {
			t.Errorf("%s of %v is not in UTC", c.period, c.at)
		}
	}
	if now := at("2028-02-29 12:00:00"); !Total.Start(now).IsZero() || !Total.End(now).IsZero() {
		t.Error("since ever has a start or an end")
	}
}

func TestNamesOfPeriodsAreReadBack(t *testing.T) {
	for p := Hour; p <= Total; p++ {
		var back Period
		text, err := p.MarshalText()
		if err != nil || back.UnmarshalText(text) != nil || back != p {
			t.Errorf("%v is written %q, %v, and read as %v", p, text, err, back)
		}
	}
	for _, name := range []string{"", "week", "Hour", "hour "} {
		if p, err := ParsePeriod(name); err == nil {
			t.Errorf("%q is read as %v", name, p)
		}
	}
	if _, err := Period(0).MarshalText(); err == nil {
		t.Error("a period that does not exist is written")
	}
}

func at(text string) time.Time {
	t, err := time.Parse(time.DateTime, text)
	if err != nil {
		panic(err)
	}
	return t
}
