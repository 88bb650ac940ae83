//go:build amd64 || arm64

package driver

import (
	"errors"
	"io"
)

// readSecure takes what has come on a connection over TLS, until nothing is left
// of it: of an answer, or without an attempt only what TLS itself says, such as a
// ticket. Whatever else comes unasked ends the connection.
func (s *shard) readSecure(c *wireConn, hungUp bool) {
	stream := &c.secure.stream
	stream.begin(hungUp, &c.pending)
	for {
		kept := copy(s.input, c.partial)
		n, err := c.secure.Read(s.input[kept:])
		switch {
		case errors.Is(err, errNothingYet):
			if len(c.pending) > 0 { // such as the answer to a key update
				s.flush(c, c.pending)
			}
			if stream.enough && c.fd != none {
				s.again(c)
			}
			return
		case err != nil && n == 0:
			s.endedSecure(c, err)
			return
		case !c.busy:
			s.drop(c)
			return
		}
		complete, all := s.feed(c, s.input[:kept+n])
		if complete {
			s.answered(c, all && err == nil && s.silent(c))
		}
		if complete || !c.busy {
			stream.ahead = nil
			return
		}
	}
}

// silent says whether nothing unasked is left behind an answer.
func (s *shard) silent(c *wireConn) bool {
	for stream := &c.secure.stream; !stream.quiet(); {
		var one [1]byte
		n, err := c.secure.Read(one[:])
		if n > 0 || stream.enough || !errors.Is(err, errNothingYet) {
			return false
		}
		if stream.within() {
			return true // that of a record which has begun is seen before the next attempt leaves
		}
	}
	return true
}

// endedSecure acts on an error of TLS or the end of the connection.
func (s *shard) endedSecure(c *wireConn, err error) {
	switch {
	case !c.busy:
		s.drop(c)
	case errors.Is(err, io.EOF):
		s.ended(c)
	default:
		s.fail(c, err)
	}
}

// seal encrypts an attempt. The bytes are valid until the next one.
func (s *shard) seal(c *wireConn, b []byte) ([]byte, error) {
	s.sealed = s.sealed[:0]
	c.secure.stream.out = &s.sealed
	_, err := c.secure.Write(b)
	c.secure.stream.out = &c.pending
	return s.sealed, err
}

// farewell tells the peer that the connection ends here (RFC 8446, 6.1). Whether
// it hears that does not matter.
func (s *shard) farewell(c *wireConn) {
	s.sealed = s.sealed[:0]
	c.secure.stream.out = &s.sealed
	if c.secure.CloseWrite() == nil && len(s.sealed) > 0 {
		_, _ = sendNow(c.fd, s.sealed)
	}
}
