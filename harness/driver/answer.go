package driver

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"

	"github.com/haproof/haproof/harness"
)

// answer is what a client keeps of a complete HTTP/1.x answer.
type answer struct {
	status   int
	bytes    uint64 // of the body
	php      bool   // it bore the application's own mark
	reusable bool   // the connection may carry another attempt
	short    bool   // the client left before its end, as it meant to
}

// errProtocol is the cause of everything that is not HTTP/1.x.
var errProtocol = errors.New("not HTTP/1.x")

func malformed(format string, args ...any) error {
	return fmt.Errorf("%w: %s", errProtocol, fmt.Sprintf(format, args...))
}

// readAnswer reads one answer and drops its body: a complete one, unless the client
// leaves before. Bytes that are not HTTP give errProtocol, an early end
// io.ErrUnexpectedEOF.
func readAnswer(r *bufio.Reader, head bool, leave harness.AbortWhen) (answer, error) {
	p := newAnswerParser(head, leave)
	return p.read(r)
}

// read takes the parser's answer from r.
func (p *answerParser) read(r *bufio.Reader) (answer, error) {
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
func parseStatusLine(f *framing, line []byte) (status int, err error) {
	const code = len("HTTP/1.1 ")
	if len(line) < code+3 || line[7] != '0' && line[7] != '1' || line[8] != ' ' || len(line) > code+3 && line[code+3] != ' ' {
		return 0, malformed("status line %.40q", line)
	}
	n, ok := number(line[code:code+3], 10)
	if !ok || n < 100 || n > 599 || n == 101 || !only(line, isText) {
		return 0, malformed("status line %.40q", line)
	}
	f.old = line[7] == '0'
	return int(n), nil
}

// framing is what the header says of the body's extent, and of the connection.
type framing struct {
	old            bool // HTTP/1.0
	sized, chunked bool
	length         uint64
	digits         int // of the length as it was written
	closes, keeps  bool
}

// reusable says whether the connection may carry another attempt when the answer
// has ended before the connection (RFC 9112, 9.3).
func (f *framing) reusable() bool { return !f.closes && (!f.old || f.keeps) }

// splitField parses a header line, or one of the trailer.
func splitField(line []byte) (name, value []byte, err error) {
	colon := bytes.IndexByte(line, ':')
	if colon < 1 || !only(line[:colon], isToken) || !only(line[colon+1:], isText) {
		return nil, nil, malformed("header line %.40q", line)
	}
	return line[:colon], bytes.Trim(line[colon+1:], " \t"), nil
}

// Kinds of bytes.
const (
	isToken uint8 = 1 << iota // allowed in names (RFC 9110, 5.6.2)
	isText                    // no control character, or a tab
)

// kinds says of each byte what it is.
var kinds = func() (kinds [256]uint8) {
	for i := range kinds {
		c := byte(i)
		if '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'z' || strings.IndexByte("!#$%&'*+-.^_`|~", c) >= 0 {
			kinds[i] |= isToken
		}
		if c >= ' ' && c != 0x7f || c == '\t' {
			kinds[i] |= isText
		}
	}
	return kinds
}()

// only says whether all bytes are of a kind.
func only(b []byte, kind uint8) bool {
	for _, c := range b {
		if kinds[c]&kind == 0 {
			return false
		}
	}
	return true
}

// same says whether b is the text, which is in lower case, but for the case of its
// letters. Other than bytes.EqualFold it knows no letters beyond ASCII.
func same(b []byte, text string) bool {
	if len(b) != len(text) {
		return false
	}
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			c |= 0x20
		}
		if c != text[i] {
			return false
		}
	}
	return true
}

const (
	nameLength     = "content-length"
	nameEncoding   = "transfer-encoding"
	nameConnection = "connection"
	nameTrailer    = "trailer"
)

var namePHP = strings.ToLower(harness.PHPHeader)

// readField takes note of a field of the header.
func readField(a *answer, f *framing, name, value []byte) error {
	switch {
	case same(name, nameLength):
		length, ok := number(value, 10)
		if !ok || f.sized && (length != f.length || len(value) != f.digits) {
			return malformed("content length %.40q", value)
		}
		f.sized, f.length, f.digits = true, length, len(value)
	case same(name, nameEncoding):
		if f.old || f.chunked || !same(value, "chunked") {
			return malformed("transfer encoding %.40q", value)
		}
		f.chunked = true
	case same(name, nameConnection):
		for option := range list(value) {
			f.closes = f.closes || same(option, "close")
			f.keeps = f.keeps || same(option, "keep-alive")
		}
	case same(name, nameTrailer):
		for promised := range list(value) {
			if frames(promised) {
				return malformed("promise of a trailer with %.40q", promised)
			}
		}
	case same(name, namePHP):
		a.php = len(value) == 1 && value[0] == '1'
	}
	return nil
}

// frames says whether a field of the name belongs into a header only, as it says
// how what follows is to be read (RFC 9110, 6.5.1).
func frames(name []byte) bool {
	return same(name, nameLength) || same(name, nameEncoding) || same(name, nameTrailer)
}

// list yields the elements of a list (RFC 9110, 5.6.1).
func list(value []byte) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		for len(value) > 0 {
			var element []byte
			element, value, _ = bytes.Cut(value, []byte(","))
			if !yield(bytes.Trim(element, " \t")) {
				return
			}
		}
	}
}
