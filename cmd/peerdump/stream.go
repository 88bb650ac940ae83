package main

import (
	"bytes"
	"errors"
	"fmt"
	"time"

	"github.com/haproof/haproof/harness/peers"
)

// event is one message, or a greeting or its answer, with where it comes from.
type event struct {
	at     time.Time // zero in a file
	conn   int       // 0 in a file
	ours   bool      // we said it
	offset int64     // of its first byte in what this side has said
	hello  *peers.Hello
	status peers.Status // not 0: the answer to a greeting
	msg    peers.Message
}

// stream is what one side of a connection says, in pieces as they come.
type stream struct {
	conn    int
	ours    bool
	live    bool
	print   func(event)
	dec     peers.Decoder
	unread  []byte
	offset  int64 // of unread
	greeted bool
	err     error // the first one; nothing is read after it
}

// feed takes the next piece and prints all messages that are complete.
func (s *stream) feed(b []byte) error {
	if s.err != nil {
		return s.err
	}
	s.unread = append(s.unread, b...)
	rest := s.unread
	for len(rest) > 0 {
		n, err := s.next(rest)
		if err != nil {
			s.err = fmt.Errorf("at byte %d: %w", s.offset, err)
			return s.err
		}
		if n == 0 {
			break
		}
		rest = rest[n:]
		s.offset += int64(n)
	}
	s.unread = s.unread[:copy(s.unread, rest)]
	return nil
}

// end says whether the stream may end here.
func (s *stream) end() error {
	if s.err == nil && len(s.unread) > 0 {
		return fmt.Errorf("at byte %d: ends within a message, %d bytes of it are there", s.offset, len(s.unread))
	}
	return s.err
}

// next prints the message at the start of b, and returns the bytes it took.
func (s *stream) next(b []byte) (n int, err error) {
	e := event{conn: s.conn, ours: s.ours, offset: s.offset}
	if s.live {
		e.at = time.Now()
	}
	if !s.greeted && beginsWithoutGreeting(b) {
		s.greeted = true
	}
	if s.greeted {
		e.msg, n, err = s.dec.Next(b)
	} else {
		n, err = s.greeting(b, &e)
	}
	if err == nil && n > 0 {
		s.greeted = true
		s.print(e)
	}
	return n, err
}

// beginsWithoutGreeting recognises a recording that begins after the greeting: its
// first byte is the class of a message.
func beginsWithoutGreeting(b []byte) bool { return bytes.IndexByte([]byte{0, 1, 10}, b[0]) >= 0 }

// greeting reads what a side says first: the caller its greeting, the other one its
// status.
func (s *stream) greeting(b []byte, e *event) (n int, err error) {
	switch {
	case b[0] == 'H':
		var hello peers.Hello
		hello, n, err = peers.ParseHello(b)
		e.hello = &hello
	case b[0] >= '0' && b[0] <= '9':
		e.status, n, err = peers.ParseStatus(b)
	default:
		err = errors.New("neither a greeting nor a message of peers")
	}
	return n, err
}
