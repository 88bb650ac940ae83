package driver

import (
	"bytes"
	"time"
)

// cookieDate reads the date of a cookie in any of the forms that servers write, such as
// "Thu, 01-Jan-1970 00:00:01 GMT": the parts are told by what they look like (RFC 6265,
// 5.1.1). The zone is always that of Greenwich.
func cookieDate(text []byte) (at time.Time, ok bool) {
	var clock [3]uint64
	var day, year uint64
	var month time.Month
	timed := false
	for len(text) > 0 {
		var part []byte
		if part, text = cutPart(text); len(part) == 0 {
			continue
		}
		n, isNumber := number(part, 10)
		switch {
		case !timed && bytes.IndexByte(part, ':') > 0:
			clock, timed = clockOf(part)
		case isNumber && day == 0 && len(part) <= 2:
			day = n
		case isNumber && year == 0:
			year = century(n, len(part))
		case !isNumber && month == 0:
			month = monthOf(part)
		}
	}
	if !timed || day < 1 || day > 31 || month == 0 || year < 1601 || year > 9999 {
		return time.Time{}, false
	}
	return time.Date(int(year), month, int(day), int(clock[0]), int(clock[1]), int(clock[2]), 0, time.UTC), true
}

// cutPart takes the text up to the next separator off its front.
func cutPart(text []byte) (part, rest []byte) {
	end := bytes.IndexAny(text, " ,-\t")
	if end < 0 {
		return text, nil
	}
	return text[:end], text[end+1:]
}

// century completes a year of two digits.
func century(n uint64, digits int) uint64 {
	switch {
	case digits == 2 && n >= 70:
		return 1900 + n
	case digits == 2:
		return 2000 + n
	}
	return n
}

// clockOf reads such as 23:59:60.
func clockOf(part []byte) (clock [3]uint64, ok bool) {
	i := 0
	for digits := range bytes.SplitSeq(part, []byte(":")) {
		n, good := number(digits, 10)
		if i == len(clock) || !good || n > 60 {
			return clock, false
		}
		clock[i] = n
		i++
	}
	return clock, i == len(clock)
}

const months = "janfebmaraprmayjunjulaugsepoctnovdec"

// monthOf returns the month of a name, 0 where it is none.
func monthOf(part []byte) time.Month {
	if len(part) < 3 {
		return 0
	}
	for i := 0; i < len(months); i += 3 {
		if part[0]|0x20 == months[i] && part[1]|0x20 == months[i+1] && part[2]|0x20 == months[i+2] {
			return time.Month(i/3 + 1)
		}
	}
	return 0
}
