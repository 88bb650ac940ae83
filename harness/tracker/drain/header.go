package drain

import "bytes"

// The record's name and version.
const (
	recordStart  = "QT1 "
	elementStart = "[" + recordStart
)

// record returns what follows the start of the record in a syslog message: in RFC
// 5424 as structured data or as message, in RFC 3164 with or without a host (HAProxy's
// formats rfc5424, rfc3164, local), after a time alone (timed, iso), after a priority
// alone (priority, short) or after nothing (raw).
func record(b []byte) (rest []byte, ok bool) {
	b = afterPriority(b)
	if bytes.HasPrefix(b, []byte("1 ")) {
		return afterRFC5424(b)
	}
	after, ok := afterTime(b)
	if !ok {
		return cutStart(b, recordStart)
	}
	if rest, ok := cutStart(after, recordStart); ok {
		return rest, true
	}
	return cutStart(afterTag(after), recordStart)
}

func cutStart(b []byte, start string) (rest []byte, ok bool) {
	if len(b) < len(start) || string(b[:len(start)]) != start {
		return nil, false
	}
	return b[len(start):], true
}

// afterPriority skips "<134>".
func afterPriority(b []byte) []byte {
	if len(b) == 0 || b[0] != '<' {
		return b
	}
	for i := 1; i < len(b) && i <= 4; i++ {
		if b[i] == '>' && i > 1 {
			return b[i+1:]
		}
		if b[i] < '0' || b[i] > '9' {
			break
		}
	}
	return b
}

// afterRFC5424 skips version, time, host, application, process and message id.
func afterRFC5424(b []byte) (rest []byte, ok bool) {
	for range 6 {
		if b, ok = afterToken(b); !ok {
			return nil, false
		}
	}
	if rest, ok := cutStart(b, elementStart); ok {
		return rest, true
	}
	message, ok := cutStart(b, "- ")
	if !ok {
		return nil, false
	}
	return cutStart(bytes.TrimPrefix(message, []byte("\ufeff")), recordStart)
}

// afterTime skips "Nov 21 04:14:02 " or "2026-11-21T04:14:02.429557+00:00 ".
func afterTime(b []byte) (rest []byte, ok bool) {
	const stamp = len("Nov 21 04:14:02 ")
	if len(b) > stamp && b[3] == ' ' && b[6] == ' ' && b[9] == ':' && b[12] == ':' && b[stamp-1] == ' ' {
		return b[stamp:], true
	}
	if len(b) > stamp && b[4] == '-' && b[7] == '-' && b[10] == 'T' && b[13] == ':' {
		return afterToken(b)
	}
	return nil, false
}

// afterTag skips "haproxy[123]: " and the host that may be before it, or returns nil.
func afterTag(b []byte) []byte {
	for range 2 {
		rest, ok := afterToken(b)
		if !ok {
			return nil
		}
		if len(b)-len(rest) > 1 && b[len(b)-len(rest)-2] == ':' {
			return rest
		}
		b = rest
	}
	return nil
}

func afterToken(b []byte) (rest []byte, ok bool) {
	i := bytes.IndexByte(b, ' ')
	if i < 0 {
		return nil, false
	}
	return b[i+1:], true
}
