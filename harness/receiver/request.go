package receiver

import (
	"bytes"
	"errors"
	"fmt"
)

// MaxHead bounds a request's line and header, in bytes.
const MaxHead = 64 << 10

// request is one request as far as the receiver cares.
type request struct {
	head   bool   // the method is HEAD: no body is sent
	old    bool   // HTTP/1.0, which knows no chunks
	path   []byte // valid as long as what it was parsed from
	query  []byte // likewise
	length int64  // bytes of its own body
	last   bool   // the client wants the connection closed
	seq    uint64
	known  bool // it bears a sequence id

	answer answer
}

var errBad = errors.New("bad request")

// parse reads a request line and a header from the front of b, and says how many
// bytes they are: none while they are not complete. It allocates nothing while all
// is well.
func parse(b []byte) (r request, n int, err error) {
	for first := true; ; first = false {
		end := bytes.IndexByte(b[n:], '\n')
		if end < 0 {
			return request{}, 0, nil
		}
		line := bytes.TrimSuffix(b[n:n+end], []byte("\r"))
		n += end + 1
		switch {
		case first:
			err = r.line(line)
		case len(line) == 0:
			r.answer, err = parseAnswer(r.query)
			if err != nil {
				err = fmt.Errorf("%w: %w", errBad, err)
			}
			return r, n, err
		default:
			err = r.field(line)
		}
		if err != nil {
			return r, n, fmt.Errorf("%w: %w", errBad, err)
		}
	}
}

// line reads the request line.
func (r *request) line(line []byte) error {
	method, rest, _ := bytes.Cut(line, []byte(" "))
	target, protocol, ok := bytes.Cut(rest, []byte(" "))
	r.old = string(protocol) == "HTTP/1.0"
	if !ok || len(method) == 0 || len(target) == 0 || target[0] != '/' || !r.old && string(protocol) != "HTTP/1.1" {
		return fmt.Errorf("%.80q is no request line", line)
	}
	r.head, r.last = string(method) == "HEAD", r.old
	r.path, r.query, _ = bytes.Cut(target, []byte("?"))
	return nil
}

// The fields that matter. X-Haproof-Seq carries the sequence id.
var (
	nameSeq        = []byte("X-Haproof-Seq")
	nameLength     = []byte("Content-Length")
	nameConnection = []byte("Connection")
	nameEncoding   = []byte("Transfer-Encoding")
	valueClose     = []byte("close")
	valueKeepAlive = []byte("keep-alive")
)

// field takes note of a header field.
func (r *request) field(line []byte) error {
	name, value, ok := bytes.Cut(line, []byte(":"))
	if !ok {
		return fmt.Errorf("%.80q is no header field", line)
	}
	value = bytes.TrimSpace(value)
	switch {
	case bytes.EqualFold(name, nameSeq):
		r.seq, r.known = decimal(value)
		if !r.known {
			return fmt.Errorf("%s: %.80q is no sequence id", nameSeq, value)
		}
	case bytes.EqualFold(name, nameLength):
		length, ok := decimal(value)
		if !ok || length > MaxSize {
			return fmt.Errorf("%s: %.80q is not from 0 to %d", nameLength, value, MaxSize)
		}
		r.length = int64(length)
	case bytes.EqualFold(name, nameConnection):
		r.last = bytes.EqualFold(value, valueClose) || r.last && !bytes.EqualFold(value, valueKeepAlive)
	case bytes.EqualFold(name, nameEncoding):
		return errors.New("transfer-encoding: a body needs a content-length here")
	}
	return nil
}

// decimal reads digits and nothing else, up to 2^64-1.
func decimal(digits []byte) (n uint64, ok bool) {
	for _, c := range digits {
		d := uint64(c) - '0'
		if d > 9 || n > (1<<64-1-d)/10 {
			return 0, false
		}
		n = n*10 + d
	}
	return n, len(digits) > 0
}
