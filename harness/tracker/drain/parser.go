package drain

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
)

// ErrForeign is returned for lines that hold no record: other lines of a log.
var ErrForeign = errors.New("no record in this line")

// maxNames bounds the strings that a Parser keeps: at most 4 MiB of customers.
const maxNames = 4096

// Parser reads lines. The zero value is ready; it is not safe for concurrent use.
// Names that occur again and again are allocated once.
type Parser struct {
	names   map[string]string
	decoded []byte // of one value
}

// Parse reads one syslog message, without its framing. It returns ErrForeign if that
// holds no record, and another error if it holds one that is not right: such a line
// is never counted in part. b is not kept.
func (p *Parser) Parse(b []byte) (Line, error) {
	rest, ok := record(b)
	if !ok {
		return Line{}, ErrForeign
	}
	var l Line
	var err error
	if l.Source, rest, err = p.name(rest, `source="`, 1, MaxSource); err != nil {
		return Line{}, err
	}
	if l.Generation, rest, err = p.name(rest, ` gen="`, 1, MaxGeneration); err != nil {
		return Line{}, err
	}
	if l.Generation == "-" { // HAProxy writes that for a variable that is not set
		return Line{}, errors.New("gen is not set")
	}
	if l.Seq, rest, err = p.number(rest, ` seq="`); err != nil {
		return Line{}, err
	}
	if l.Customer, rest, err = p.name(rest, ` customer="`, 0, MaxCustomer); err != nil {
		return Line{}, err
	}
	if len(rest) > 0 && rest[0] != ' ' && rest[0] != ']' {
		return Line{}, fmt.Errorf("%q after the record", rest[0])
	}
	return l, nil
}

// name reads a value of least to most bytes.
func (p *Parser) name(b []byte, label string, least, most int) (name string, rest []byte, err error) {
	value, rest, err := p.value(b, label)
	if err != nil {
		return "", nil, err
	}
	if len(value) < least || len(value) > most {
		return "", nil, fmt.Errorf("%s…: %d bytes, must be %d to %d", label, len(value), least, most)
	}
	return p.intern(value), rest, nil
}

func (p *Parser) number(b []byte, label string) (n uint64, rest []byte, err error) {
	value, rest, err := p.value(b, label)
	if err != nil {
		return 0, nil, err
	}
	if n, err = strconv.ParseUint(string(value), 10, 64); err != nil {
		return 0, nil, fmt.Errorf("%s…: %w", label, err)
	}
	return n, rest, nil
}

// value reads what stands between label and the closing quote.
func (p *Parser) value(b []byte, label string) (value, rest []byte, err error) {
	if len(b) < len(label) || string(b[:len(label)]) != label {
		return nil, nil, fmt.Errorf("no %s", label)
	}
	b = b[len(label):]
	end := bytes.IndexByte(b, '"')
	if end < 0 {
		return nil, nil, fmt.Errorf("%s… is cut", label)
	}
	value, err = p.decode(b[:end])
	if err != nil {
		return nil, nil, fmt.Errorf("%s…: %w", label, err)
	}
	return value, b[end+1:], nil
}

// decode replaces each %XX by its byte. What it returns is valid until the next call.
func (p *Parser) decode(b []byte) ([]byte, error) {
	p.decoded = p.decoded[:0]
	for i := 0; i < len(b); i++ {
		c := b[i]
		switch {
		case c == '%':
			if len(b)-i < 3 || !isHex(b[i+1]) || !isHex(b[i+2]) {
				return nil, fmt.Errorf("%q is no byte", b[i:min(i+3, len(b))])
			}
			c = unhex(b[i+1])<<4 | unhex(b[i+2])
			i += 2
		case c <= ' ' || c > '~' || c == '\\' || c == ']':
			return nil, fmt.Errorf("%q must be written %%%02X", c, c)
		}
		p.decoded = append(p.decoded, c)
	}
	return p.decoded, nil
}

func (p *Parser) intern(b []byte) string {
	if s, ok := p.names[string(b)]; ok {
		return s
	}
	if p.names == nil || len(p.names) >= maxNames {
		p.names = make(map[string]string)
	}
	s := string(b)
	p.names[s] = s
	return s
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

func unhex(c byte) byte {
	if c <= '9' {
		return c - '0'
	}
	return c&7 + 9
}
