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

// readAnswer reads one complete answer and drops its body. Bytes that are not
// HTTP give errProtocol, an early end io.ErrUnexpectedEOF.
func readAnswer(r *bufio.Reader, head bool) (answer, error) {
	p := newAnswerParser(head)
	for {
		b, _ := r.Peek(r.Buffered())
		n, complete, err := p.feed(b)
		_, _ = r.Discard(n)
		if complete || err != nil {
			return p.answer, err
		}
		_, err = r.Peek(r.Buffered() + 1)
		if errors.Is(err, io.EOF) {
			return p.answer, p.end()
		}
		if err != nil {
			return p.answer, err
		}
	}
}

// parseStatusLine parses such as "HTTP/1.1 200 OK".
func parseStatusLine(line []byte) (answer, error) {
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

// parseField parses a header line.
func parseField(a *answer, f *framing, line []byte) error {
	colon := bytes.IndexByte(line, ':')
	if colon < 1 || !isToken(line[:colon]) || !isText(line[colon+1:]) {
		return malformed("header line %.40q", line)
	}
	return readField(a, f, line[:colon], bytes.Trim(line[colon+1:], " \t"))
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
