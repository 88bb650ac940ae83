package peers

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
)

const (
	helloMagic = "HAProxyS "
	versionMax = 1 // the minor version of 2.1, the newest one there is
	// maxHello bounds the three lines of a greeting together, in bytes.
	maxHello = 1024
)

// Hello is the greeting with which the caller opens a connection.
type Hello struct {
	Major, Minor int    // protocol version, 2.1 everywhere since HAProxy 1.7
	To           string // name of the peer being called
	From         string // the caller's own name
	PID          int    // the caller's process, 0 if it did not say
}

// version20 says whether the session has no timed updates.
func (h Hello) version20() bool { return h.Major == 2 && h.Minor == 0 }

// AppendTo appends the three lines of the greeting.
func (h Hello) AppendTo(b []byte) []byte {
	return fmt.Appendf(b, "%s%d.%d\n%s\n%s %d 1\n", helloMagic, h.Major, h.Minor, h.To, h.From, h.PID)
}

// ParseHello reads the greeting at the start of b and returns the bytes it took, 0
// when b does not hold all of it. The error is the Status that HAProxy would answer
// to a greeting that is wrong.
func ParseHello(b []byte) (h Hello, n int, err error) {
	h, n, refusal := parseHello(b)
	if refusal != 0 {
		return Hello{}, 0, refusal
	}
	return h, n, nil
}

// parseHello reads the three lines at the start of b. n is 0 when b does not hold
// all of them. The status says what HAProxy would answer to a greeting that is wrong.
func parseHello(b []byte) (h Hello, n int, refusal Status) {
	var lines [3]string
	for i := range lines {
		line, size := parseLine(b[n:])
		if size == 0 {
			return Hello{}, 0, helloTooLong(b)
		}
		lines[i] = line
		n += size
		if n > maxHello || (i == 0 && !strings.HasPrefix(line, helloMagic)) {
			return Hello{}, 0, StatusProtocol
		}
	}
	h.To = lines[1]
	if refusal = h.parseVersion(lines[0][len(helloMagic):]); refusal != 0 {
		return Hello{}, 0, refusal
	}
	from, rest, ok := strings.Cut(lines[2], " ")
	if !ok {
		return Hello{}, 0, StatusProtocol
	}
	h.From = from
	pid, _, _ := strings.Cut(rest, " ")
	h.PID, _ = strconv.Atoi(pid) // informational: HAProxy does not read it either
	return h, n, 0
}

func (h *Hello) parseVersion(s string) (refusal Status) {
	major, minor, ok := strings.Cut(s, ".")
	if !ok {
		return StatusVersion
	}
	var errMajor, errMinor error
	h.Major, errMajor = strconv.Atoi(major)
	h.Minor, errMinor = strconv.Atoi(minor)
	if errMajor != nil || errMinor != nil || h.Major != 2 || h.Minor < 0 || h.Minor > versionMax {
		return StatusVersion
	}
	return 0
}

// helloTooLong refuses a greeting that has not ended within the limit.
func helloTooLong(b []byte) Status {
	if len(b) > maxHello {
		return StatusProtocol
	}
	return 0
}

// parseLine returns the first line of b without its end, LF or CRLF, and the bytes
// it took; 0 when there is no end yet.
func parseLine(b []byte) (line string, n int) {
	i := bytes.IndexByte(b, '\n')
	if i < 0 || i > maxHello {
		return "", 0
	}
	return string(bytes.TrimSuffix(b[:i], []byte{'\r'})), i + 1
}
