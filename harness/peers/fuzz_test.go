package peers

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"slices"
	"testing"
	"time"
)

// Whatever the bytes, decoding ends in messages, an error that callers know, or the
// wish for more; and it does not matter in what pieces they arrive.
func FuzzDecoder(f *testing.F) {
	stream, _ := workedStream(f)
	f.Add(stream)
	for _, m := range worked {
		f.Add(unhex(f, m.hex))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) > 16<<10 {
			t.Skip("long inputs only slow the search down")
		}
		whole, wholeErr := transcript(t, b, len(b))
		single, singleErr := transcript(t, b, 1)
		if !slices.Equal(whole, single) || (wholeErr == nil) != (singleErr == nil) {
			t.Errorf("%x: at once %v %v, byte by byte %v %v", b, whole, wholeErr, single, singleErr)
		}
	})
}

// transcript decodes b as it would arrive in pieces, and encodes every update again.
func transcript(t *testing.T, b []byte, piece int) (messages []string, err error) {
	d := Decoder{MaxMessage: 4096, MaxTables: 8}
	start, end := 0, 0
	for end < len(b) {
		end = min(end+max(piece, 1), len(b))
		for {
			m, n, err := d.Next(b[start:end])
			if err != nil {
				if !errors.Is(err, ErrProtocol) && !errors.Is(err, ErrSize) {
					t.Fatalf("%x: unknown error %v", b, err)
				}
				return messages, err
			}
			if n == 0 {
				break
			}
			start += n
			messages = append(messages, describe(m))
			if m.Kind == KindUpdate {
				encodedAgain(t, m.Update)
			}
		}
	}
	return messages, nil
}

// encodedAgain demands that an update means the same after a round trip.
func encodedAgain(t *testing.T, u *Update) {
	var again Decoder
	again.MaxMessage = 1 << 20
	if _, _, err := again.Next(u.Table.AppendTo(nil)); err != nil {
		t.Fatalf("definition %+v encoded again: %v", u.Table, err)
	}
	again.current.lastID = u.ID - 1
	m, _, err := again.Next(u.AppendTo(nil))
	if err != nil || describeUpdate(m.Update) != describeUpdate(u) {
		t.Fatalf("update %s encoded again: %v %v", describeUpdate(u), m.Update, err)
	}
}

// A session fed with anything at all ends, and writes to no closed connection.
func FuzzSession(f *testing.F) {
	stream, _ := workedStream(f)
	hello := Hello{Major: 2, Minor: 1, To: "tracker", From: "hap1", PID: 1}.AppendTo(nil)
	f.Add(append(hello, stream...), true)
	f.Add([]byte("200\n\x00\x00"), false)
	f.Fuzz(func(t *testing.T, b []byte, called bool) {
		conn := &endlessSink{Reader: bytes.NewReader(b)}
		var s *Session
		var err error
		if called {
			s, err = Accept(t.Context(), conn, quick, admitAll)
		} else {
			s, err = Call(t.Context(), conn, quick, "hap1")
		}
		if err == nil {
			_ = s.Run(context.Background(), newNotes())
		}
		if !conn.closed {
			t.Error("connection left open")
		}
	})
}

// endlessSink is a connection that reads from memory and swallows what is written.
type endlessSink struct {
	io.Reader
	closed bool
}

func (c *endlessSink) Write(b []byte) (int, error)      { return len(b), nil }
func (c *endlessSink) Close() error                     { c.closed = true; return nil }
func (c *endlessSink) LocalAddr() net.Addr              { return &net.TCPAddr{} }
func (c *endlessSink) RemoteAddr() net.Addr             { return &net.TCPAddr{} }
func (c *endlessSink) SetDeadline(time.Time) error      { return nil }
func (c *endlessSink) SetReadDeadline(time.Time) error  { return nil }
func (c *endlessSink) SetWriteDeadline(time.Time) error { return nil }
