package driver

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/haproof/haproof/harness"
)

// answer is what a client keeps of a complete HTTP/1.x answer.
type answer struct {
	status   int
	bytes    uint64 // of the body
	php      bool   // it bore the application's own mark
	reusable bool   // the connection may carry another attempt
}

// errProtocol is the cause of everything that is not HTTP/1.x.
var errProtocol = errors.New("not HTTP/1.x")

func malformed(format string, args ...any) error {
	return fmt.Errorf("%w: %s", errProtocol, fmt.Sprintf(format, args...))
}

const (
	maxHeaderLines = 200
	maxInterim     = 8 // 1xx answers before the final one
)

// readAnswer reads one complete answer and drops its body. It is stricter than
// RFC 9112 asks of a client: what it accepts has one meaning only. Bytes that
// are not HTTP give errProtocol, an early end io.ErrUnexpectedEOF.
func readAnswer(r *bufio.Reader, head bool) (answer, error) {
	for range maxInterim {
		a, err := readOne(r, head)
		if err != nil || a.status >= 200 {
			return a, err
		}
	}
	return answer{}, malformed("more than %d interim answers", maxInterim)
}

func readOne(r *bufio.Reader, head bool) (answer, error) {
	a, err := readStatusLine(r)
	if err != nil {
		return answer{}, err
	}
	f, err := readHeader(r, &a)
	if err != nil || a.status < 200 {
		return a, err
	}
	switch {
	case head || a.status == 204 || a.status == 304:
	case f.chunked:
		a.bytes, err = dropChunks(r)
	case f.sized:
		a.bytes, err = f.length, drop(r, f.length)
	default:
		a.reusable = false
		a.bytes, err = dropAll(r)
	}
	return a, err
}

// readLine returns a line without its end. It is valid until the next read.
func readLine(r *bufio.Reader) ([]byte, error) {
	line, err := r.ReadSlice('\n')
	switch {
	case errors.Is(err, bufio.ErrBufferFull):
		return nil, malformed("line of more than %d bytes", len(line))
	case errors.Is(err, io.EOF):
		return nil, io.ErrUnexpectedEOF
	case err != nil:
		return nil, err
	case len(line) < 2 || line[len(line)-2] != '\r':
		return nil, malformed("line without CR LF")
	}
	return line[:len(line)-2], nil
}

// readStatusLine reads such as "HTTP/1.1 200 OK".
func readStatusLine(r *bufio.Reader) (answer, error) {
	// A peer that does not speak HTTP may never end its line: look at the first
	// bytes before waiting for it.
	start, err := r.Peek(len("HTTP/1."))
	if !bytes.HasPrefix([]byte("HTTP/1."), start) {
		return answer{}, malformed("%q in place of a status line", start)
	}
	if err != nil {
		return answer{}, endedEarly(err)
	}
	line, err := readLine(r)
	if err != nil {
		return answer{}, err
	}
	const code = len("HTTP/1.1 ")
	if len(line) < code+3 || line[7] != '0' && line[7] != '1' || line[8] != ' ' || len(line) > code+3 && line[code+3] != ' ' {
		return answer{}, malformed("status line %.40q", line)
	}
	status, ok := number(line[code:code+3], 10)
	if !ok || status < 100 || status > 599 || status == 101 {
		return answer{}, malformed("status line %.40q", line)
	}
	return answer{status: int(status), reusable: line[7] == '1'}, nil
}

// framing is what the header says of the body's extent.
type framing struct {
	sized, chunked bool
	length         uint64
}

func readHeader(r *bufio.Reader, a *answer) (framing, error) {
	var f framing
	for range maxHeaderLines {
		line, err := readLine(r)
		if err != nil || len(line) == 0 {
			return f, err
		}
		colon := bytes.IndexByte(line, ':')
		if colon < 1 || !isToken(line[:colon]) || !isText(line[colon+1:]) {
			return f, malformed("header line %.40q", line)
		}
		if err := readField(a, &f, line[:colon], bytes.Trim(line[colon+1:], " \t")); err != nil {
			return f, err
		}
	}
	return f, malformed("more than %d header lines", maxHeaderLines)
}

// isToken says whether b is made of what RFC 9110, 5.6.2 allows in names.
func isToken(b []byte) bool {
	for _, c := range b {
		letter := 'a' <= c|0x20 && c|0x20 <= 'z' || '0' <= c && c <= '9'
		if !letter && strings.IndexByte("!#$%&'*+-.^_`|~", c) < 0 {
			return false
		}
	}
	return true
}

// isText says whether b is free of control characters, tabs excepted.
func isText(b []byte) bool {
	for _, c := range b {
		if c < ' ' && c != '\t' || c == 0x7f {
			return false
		}
	}
	return true
}

var (
	nameLength     = []byte("Content-Length")
	nameEncoding   = []byte("Transfer-Encoding")
	nameConnection = []byte("Connection")
	namePHP        = []byte(harness.PHPHeader)
	valueChunked   = []byte("chunked")
	valueClose     = []byte("close")
)

func readField(a *answer, f *framing, name, value []byte) error {
	switch {
	case bytes.EqualFold(name, nameLength):
		length, ok := number(value, 10)
		if !ok || f.sized && length != f.length {
			return malformed("content length %.40q", value)
		}
		f.sized, f.length = true, length
	case bytes.EqualFold(name, nameEncoding):
		if f.chunked || !bytes.EqualFold(value, valueChunked) {
			return malformed("transfer encoding %.40q", value)
		}
		f.chunked = true
	case bytes.EqualFold(name, nameConnection):
		for option := range bytes.SplitSeq(value, []byte(",")) {
			if bytes.EqualFold(bytes.Trim(option, " \t"), valueClose) {
				a.reusable = false
			}
		}
	case bytes.EqualFold(name, namePHP):
		a.php = len(value) == 1 && value[0] == '1'
	}
	return nil
}
