package harness

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"time"
	"unicode/utf8"
)

// A line of an attempt in record.ndjson is a JSON object. Fields at their zero
// are left out:
//
//	n       sequence id
//	k       key (customer)
//	stair   stair of a search
//	at      intended send time, ns after Driven.Began
//	lag     actual minus intended send time, ns
//	queued  part of lag in which it waited for a connection, ns
//	route   index of its route
//	took    from the actual send time to the end, ns
//	st      HTTP status
//	b       body bytes received
//	tls     1 over TLS
//	dyn     1 if dynamic
//	ok      1 if the outcome is OK
//	failed  1 if the outcome is Failed; neither ok nor failed is Indeterminate
//	why     cause

// appendAttempt appends the line of a, without its end of line.
func appendAttempt(b []byte, a *Attempt) ([]byte, error) {
	b = append(b, `{"n":`...)
	b = strconv.AppendUint(b, a.Seq, 10)
	b, err := appendString(b, `,"k":`, a.Key)
	if err != nil {
		return nil, err
	}
	b = appendInt(b, `,"stair":`, int64(a.Stair))
	b = appendInt(b, `,"at":`, int64(a.Intended))
	b = appendInt(b, `,"lag":`, int64(a.Sent-a.Intended))
	b = appendInt(b, `,"queued":`, int64(a.Queued))
	b = appendInt(b, `,"route":`, int64(a.Route))
	b = appendInt(b, `,"took":`, int64(a.Done-a.Sent))
	b = appendInt(b, `,"st":`, int64(a.Status))
	if a.Bytes != 0 {
		b = strconv.AppendUint(append(b, `,"b":`...), a.Bytes, 10)
	}
	b = appendFlag(b, `,"tls":1`, a.TLS)
	b = appendFlag(b, `,"dyn":1`, a.Dynamic)
	b = appendFlag(b, `,"ok":1`, a.Outcome == OK)
	b = appendFlag(b, `,"failed":1`, a.Outcome == Failed)
	b, err = appendString(b, `,"why":`, string(a.Cause))
	return append(b, '}'), err
}

func appendInt(b []byte, name string, n int64) []byte {
	if n == 0 {
		return b
	}
	return strconv.AppendInt(append(b, name...), n, 10)
}

func appendFlag(b []byte, text string, set bool) []byte {
	if !set {
		return b
	}
	return append(b, text...)
}

func appendString(b []byte, name, s string) ([]byte, error) {
	if s == "" {
		return b, nil
	}
	b = append(b, name...)
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			return appendQuoted(b, s)
		}
	}
	return append(append(append(b, '"'), s...), '"'), nil
}

func appendQuoted(b []byte, s string) ([]byte, error) {
	if !utf8.ValidString(s) {
		return b, fmt.Errorf("%q is not UTF-8", s)
	}
	quoted, err := json.Marshal(s)
	return append(b, quoted...), err
}

// lineParser reads lines of attempts. It keeps one copy of each key and cause.
type lineParser struct{ words map[string]string }

func newLineParser() *lineParser { return &lineParser{words: map[string]string{}} }

var errNotALine = errors.New("not a line of an attempt")

// parse reads one line, with its fields in any order but without spaces. An
// unknown field or a number out of range is an error.
func (p *lineParser) parse(line []byte, a *Attempt) error {
	*a = Attempt{}
	var lag, took int64
	rest := line
	for opening := byte('{'); ; opening = ',' {
		name, value, after, ok := cutField(rest, opening)
		if !ok {
			return errNotALine
		}
		if err := p.set(a, &lag, &took, name, value); err != nil {
			return fmt.Errorf("field %s: %w", name, err)
		}
		rest = after
		if len(rest) == 1 && rest[0] == '}' {
			break
		}
	}
	a.Sent = a.Intended + time.Duration(lag)
	a.Done = a.Sent + time.Duration(took)
	return nil
}

func (p *lineParser) set(a *Attempt, lag, took *int64, name, value []byte) (err error) {
	switch string(name) {
	case "n":
		a.Seq, err = parseUint(value)
	case "k":
		a.Key, err = p.word(value)
	case "stair":
		a.Stair, err = parseSmall(value)
	case "at":
		var at int64
		at, err = parseInt(value)
		a.Intended = time.Duration(at)
	case "lag":
		*lag, err = parseInt(value)
	case "queued":
		var queued int64
		queued, err = parseInt(value)
		a.Queued = time.Duration(queued)
	case "route":
		var route int
		if route, err = parseSmall(value); err == nil && route > math.MaxUint16 {
			err = errors.New("too large")
		}
		a.Route = uint16(route)
	case "took":
		*took, err = parseInt(value)
	case "st":
		a.Status, err = parseSmall(value)
	case "b":
		a.Bytes, err = parseUint(value)
	case "tls":
		a.TLS, err = parseFlag(value)
	case "dyn":
		a.Dynamic, err = parseFlag(value)
	case "ok":
		err = setOutcome(a, OK, value)
	case "failed":
		err = setOutcome(a, Failed, value)
	case "why":
		var why string
		why, err = p.word(value)
		a.Cause = Cause(why)
	default:
		err = errors.New("unknown")
	}
	return err
}

// cutField splits `{"name":value` or `,"name":value` off the front of b.
func cutField(b []byte, opening byte) (name, value, rest []byte, ok bool) {
	if len(b) < 2 || b[0] != opening || b[1] != '"' {
		return nil, nil, nil, false
	}
	end := 2
	for end < len(b) && b[end] != '"' {
		end++
	}
	if end+2 >= len(b) || b[end+1] != ':' {
		return nil, nil, nil, false
	}
	name, b = b[2:end], b[end+2:]
	n := valueLength(b)
	return name, b[:n], b[n:], n > 0
}

// valueLength returns the length of the number or string that b begins with.
func valueLength(b []byte) int {
	if b[0] != '"' {
		n := 0
		for n < len(b) && (b[n] == '-' || b[n] >= '0' && b[n] <= '9') {
			n++
		}
		return n
	}
	for n := 1; n < len(b); n++ {
		switch b[n] {
		case '\\':
			n++
		case '"':
			return n + 1
		}
	}
	return 0
}

var errNotANumber = errors.New("not a number in range")

func parseUint(b []byte) (uint64, error) {
	if len(b) == 0 || len(b) > 20 {
		return 0, errNotANumber
	}
	var n uint64
	for _, c := range b {
		digit := uint64(c - '0')
		if digit > 9 || n > (math.MaxUint64-digit)/10 {
			return 0, errNotANumber
		}
		n = n*10 + digit
	}
	return n, nil
}

func parseInt(b []byte) (int64, error) {
	negative := len(b) > 0 && b[0] == '-'
	if negative {
		b = b[1:]
	}
	n, err := parseUint(b)
	switch {
	case err != nil:
		return 0, err
	case negative && n <= 1<<63:
		return -int64(n), nil
	case !negative && n <= math.MaxInt64:
		return int64(n), nil
	}
	return 0, errNotANumber
}

func parseSmall(b []byte) (int, error) {
	n, err := parseInt(b)
	if err == nil && (n < math.MinInt32 || n > math.MaxInt32) {
		err = errNotANumber
	}
	return int(n), err
}

func parseFlag(b []byte) (bool, error) {
	if string(b) != "1" {
		return false, errors.New("not 1")
	}
	return true, nil
}

func setOutcome(a *Attempt, o Outcome, value []byte) error {
	if a.Outcome != Indeterminate && a.Outcome != o {
		return errors.New("both ok and failed")
	}
	a.Outcome = o
	_, err := parseFlag(value)
	return err
}

// word returns the string that a quoted value stands for.
func (p *lineParser) word(quoted []byte) (string, error) {
	if s, ok := p.words[string(quoted)]; ok {
		return s, nil
	}
	var s string
	if err := json.Unmarshal(quoted, &s); err != nil {
		return "", err
	}
	p.words[string(quoted)] = s
	return s, nil
}
