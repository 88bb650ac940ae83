package audit

import (
	"fmt"
	"strconv"
	"strings"
)

// splitter cuts one line into words by the rules of HAProxy's parse_line
// (src/tools.c): quotes, escapes, comments, environment variables. HAProxy
// knows no continuation of lines.
type splitter struct {
	in      string
	at      int
	lookup  func(name string) (string, bool)
	words   []string
	word    strings.Builder
	inWord  bool
	double  bool
	unset   []string // variables without a value
	comment string
}

// split returns the words of a line. The splitter knows the rest.
func (s *splitter) split() ([]string, error) {
	for s.at < len(s.in) {
		c := s.in[s.at]
		switch {
		case c == '#' && !s.double:
			s.comment = s.in[s.at:]
			s.at = len(s.in)
		case c == '"':
			s.double, s.inWord = !s.double, true
			s.at++
		case c == '\'' && !s.double:
			if err := s.single(); err != nil {
				return nil, err
			}
		case c == '\\':
			if err := s.escape(); err != nil {
				return nil, err
			}
		case c == '$' && s.double:
			if err := s.variable(); err != nil {
				return nil, err
			}
		case isSpace(c) && !s.double:
			s.end()
			s.at++
		default:
			s.emit(c)
			s.at++
		}
	}
	if s.double {
		return nil, fmt.Errorf("a double quote is not closed")
	}
	s.end()
	return s.words, nil
}

func isSpace(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' }

func (s *splitter) emit(c byte) {
	s.word.WriteByte(c)
	s.inWord = true
}

func (s *splitter) end() {
	if s.inWord {
		s.words = append(s.words, s.word.String())
		s.word.Reset()
	}
	s.inWord = false
}

// single takes what stands between single quotes as it is.
func (s *splitter) single() error {
	length := strings.IndexByte(s.in[s.at+1:], '\'')
	if length < 0 {
		return fmt.Errorf("a single quote is not closed")
	}
	s.word.WriteString(s.in[s.at+1 : s.at+1+length])
	s.inWord = true
	s.at += length + 2
	return nil
}

// escape replaces what has a meaning after a backslash and leaves the rest.
func (s *splitter) escape() error {
	next := byte(0)
	if s.at+1 < len(s.in) {
		next = s.in[s.at+1]
	}
	switch {
	case next != 0 && strings.IndexByte(` \#'"`, next) >= 0, next == '$' && s.double:
		s.emit(next)
	case next == 't':
		s.emit('\t')
	case next == 'n':
		s.emit('\n')
	case next == 'r':
		s.emit('\r')
	case next == 'x':
		if s.at+4 > len(s.in) {
			return fmt.Errorf("\\x wants two hexadecimal digits")
		}
		value, err := strconv.ParseUint(s.in[s.at+2:s.at+4], 16, 8)
		if err != nil {
			return fmt.Errorf("\\x wants two hexadecimal digits, not %q", s.in[s.at+2:s.at+4])
		}
		s.emit(byte(value))
		s.at += 2
	default:
		s.emit('\\')
		s.at--
	}
	s.at += 2
	return nil
}

// variable puts in the value of $NAME, ${NAME}, ${NAME-default} or ${NAME[*]},
// the last of which may become several words.
func (s *splitter) variable() error {
	s.at++
	braced := s.at < len(s.in) && s.in[s.at] == '{'
	if braced {
		s.at++
	}
	begin := s.at
	for s.at < len(s.in) && (isNameByte(s.in[s.at]) || s.at == begin && s.in[s.at] == '.') {
		s.at++
	}
	name := s.in[begin:s.at]
	if name == "" || name[0] >= '0' && name[0] <= '9' {
		return fmt.Errorf("$ wants the name of an environment variable")
	}
	value, known := s.lookup(name)
	several := false
	if braced {
		rest := s.in[s.at:]
		if several = strings.HasPrefix(rest, "[*]"); several {
			rest = rest[3:]
		}
		end := strings.IndexByte(rest, '}')
		if end < 0 || end > 0 && rest[0] != '-' {
			return fmt.Errorf("the brace of ${%s is not closed", name)
		}
		if end > 0 && !known {
			value, known = rest[1:end], true
		}
		s.at = len(s.in) - len(rest) + end + 1
	}
	if !known {
		s.unset = append(s.unset, name)
	}
	s.expand(value, several)
	return nil
}

func isNameByte(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

func (s *splitter) expand(value string, several bool) {
	s.inWord = true
	for i := range len(value) {
		if several && isSpace(value[i]) {
			s.end()
			continue
		}
		s.emit(value[i])
	}
}
