package receiver

import (
	"bytes"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// Limits of what a request may ask for.
const (
	MaxSize    = 1 << 30 // bytes of an answer's body, and of a request's
	MaxDelay   = time.Hour
	MaxInterim = 100
)

// answer is what a request asks for.
type answer struct {
	status  int
	size    int64
	delay   time.Duration
	rate    int64 // bytes of the body per second, 0 for no bound
	reset   int64 // the connection is reset after so many bytes of the body; below 0 never
	interim int   // answers of status 103 before it
	chunked bool
	trailer bool // behind the chunks
	last    bool // the connection is closed after it
}

// parseAnswer reads what the query string asks for.
func parseAnswer(query []byte) (answer, error) {
	a := answer{status: 200, reset: -1}
	for len(query) > 0 {
		var parameter []byte
		parameter, query, _ = bytes.Cut(query, []byte("&"))
		name, value, _ := bytes.Cut(parameter, []byte("="))
		if bytes.IndexByte(parameter, '%') >= 0 {
			plain, err := url.QueryUnescape(string(value))
			if err != nil {
				return a, err
			}
			value = []byte(plain)
		}
		if len(value) == 0 {
			continue
		}
		if err := a.set(name, value); err != nil {
			return a, err
		}
	}
	return a, nil
}

// set takes note of one parameter.
func (a *answer) set(name, value []byte) error {
	var err error
	var n int64
	switch string(name) {
	case "status":
		n, err = within(name, value, 200, 599)
		a.status = int(n)
	case "size":
		a.size, err = within(name, value, 0, MaxSize)
	case "rate":
		a.rate, err = within(name, value, 1, MaxSize)
	case "reset":
		a.reset, err = within(name, value, 0, MaxSize)
	case "interim":
		n, err = within(name, value, 0, MaxInterim)
		a.interim = int(n)
	case "chunked":
		n, err = within(name, value, 0, 1)
		a.chunked = a.chunked || n == 1
	case "trailer":
		n, err = within(name, value, 0, 1)
		a.trailer = n == 1
		a.chunked = a.chunked || a.trailer
	case "close":
		n, err = within(name, value, 0, 1)
		a.last = n == 1
	case "delay":
		a.delay, err = time.ParseDuration(string(value))
		if err != nil || a.delay < 0 || a.delay > MaxDelay {
			err = fmt.Errorf("delay is %q, want 0s to %v", value, MaxDelay)
		}
	}
	return err
}

func within(name, value []byte, low, high int64) (int64, error) {
	n, ok := decimal(value)
	if !ok || n < uint64(low) || n > uint64(high) {
		return 0, fmt.Errorf("%s is %q, want %d to %d", name, value, low, high)
	}
	return int64(n), nil
}

// quick says whether the answer can be sent at once and in one piece.
func (a *answer) quick() bool {
	return a.delay == 0 && a.rate == 0 && a.reset < 0 && a.size <= piece
}

// piece is what is written of a body at a time, and a chunk of one in chunks.
const piece = 16 << 10

var body = bytes.Repeat([]byte{'x'}, piece)

// framing is how the end of a body is told.
type framing uint8

const (
	bySize framing = iota
	byChunks
	byEnd   // of the connection
	without // no body
)

func (r *request) framing() framing {
	switch a := &r.answer; {
	case a.status == 204 || a.status == 304:
		return without
	case !a.chunked:
		return bySize
	case r.old:
		return byEnd
	}
	return byChunks
}

// lastOne says whether the connection is closed after the answer.
func (r *request) lastOne() bool { return r.last || r.answer.last || r.framing() == byEnd }

// bodySize is how many bytes of a body follow the header.
func (r *request) bodySize() int64 {
	if r.head || r.framing() == without {
		return 0
	}
	return r.answer.size
}

// appendHead appends what comes before the body.
func (r *request) appendHead(b []byte) []byte {
	if !r.old { // which knows no interim answers
		for range r.answer.interim {
			b = append(b, "HTTP/1.1 103 Early Hints\r\nLink: </>; rel=preload\r\n\r\n"...)
		}
	}
	b = appendLine(b, r.answer.status)
	switch {
	case r.lastOne():
		b = append(b, "Connection: close\r\n"...)
	case r.old:
		b = append(b, "Connection: keep-alive\r\n"...)
	}
	switch r.framing() {
	case bySize:
		b = appendLength(b, r.answer.size)
	case byChunks:
		b = append(b, "Transfer-Encoding: chunked\r\n"...)
	}
	return append(b, "\r\n"...)
}

// appendPart appends n bytes of the body, at most piece.
func (r *request) appendPart(b []byte, n int64) []byte {
	if r.framing() != byChunks {
		return append(b, body[:n]...)
	}
	b = append(strconv.AppendInt(b, n, 16), "\r\n"...)
	return append(append(b, body[:n]...), "\r\n"...)
}

// appendTail appends what comes after the body.
func (r *request) appendTail(b []byte) []byte {
	switch {
	case r.head || r.framing() != byChunks:
		return b
	case r.answer.trailer:
		return append(b, "0\r\nX-Trailer: 1\r\n\r\n"...)
	}
	return append(b, "0\r\n\r\n"...)
}

// appendQuick appends the whole answer, whose body is one piece at most.
func (r *request) appendQuick(b []byte) []byte {
	b = r.appendHead(b)
	if n := r.bodySize(); n > 0 {
		b = r.appendPart(b, n)
	}
	return r.appendTail(b)
}

func appendLine(b []byte, status int) []byte {
	b = append(b, "HTTP/1.1 "...)
	b = strconv.AppendInt(b, int64(status), 10)
	b = append(b, ' ')
	b = append(b, http.StatusText(status)...)
	return append(b, "\r\nContent-Type: text/plain\r\n"...)
}

func appendLength(b []byte, length int64) []byte {
	b = append(b, "Content-Length: "...)
	return append(strconv.AppendInt(b, length, 10), "\r\n"...)
}
