package peers

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"reflect"
	"slices"
	"strings"
	"sync"
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
	for _, g := range goldens(f) {
		f.Add(g.stream[:min(len(g.stream), 4<<10)])
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
	again.tables.current.lastID = u.ID - 1
	m, _, err := again.Next(u.AppendTo(nil))
	if err != nil || describeUpdate(m.Update) != describeUpdate(u) {
		t.Fatalf("update %s encoded again: %v %v", describeUpdate(u), m.Update, err)
	}
}

// A session fed with anything at all ends, whatever it is taught meanwhile, and writes
// to no closed connection. What it says is a sequence of whole messages.
func FuzzSession(f *testing.F) {
	stream, _ := workedStream(f)
	hello := Hello{Major: 2, Minor: 1, To: "tracker", From: "hap1", PID: 1}.AppendTo(nil)
	old := Hello{Major: 2, Minor: 0, To: "tracker", From: "hap1", PID: 1}.AppendTo(nil)
	f.Add(append(hello, stream...), true)
	f.Add(append(old, stream...), true)
	f.Add(append(hello, unhex(f, "0000"+"0a820b03052f706c616e06090200"+"00030a84050100000001"+"0a84050200000001")...), true)
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
			_ = s.Run(context.Background(), &teacher{entries: []Entry{deny("cust1", 1)}})
			wholeMessages(t, conn.written.Bytes(), called)
			if got := s.Taught("/plan"); got.Applied > got.Sent {
				t.Errorf("%+v", got)
			}
		}
		if !conn.closed {
			t.Error("connection left open")
		}
	})
}

// wholeMessages demands that what a session wrote can be read to its end.
func wholeMessages(t *testing.T, b []byte, called bool) {
	_, n, err := ParseHello(b)
	if called {
		_, n, err = ParseStatus(b)
	}
	if err != nil || n == 0 {
		t.Fatalf("greeting %q: %v", b, err)
	}
	var d Decoder
	for b = b[n:]; len(b) > 0; b = b[n:] {
		var m Message
		if m, n, err = d.Next(b); err != nil || n == 0 || m.Kind == KindSkipped {
			t.Fatalf("wrote %x: %d bytes, %v", b, n, err)
		}
	}
}

// A greeting is understood or refused, in one way only, however it arrives.
func FuzzHello(f *testing.F) {
	f.Add([]byte("HAProxyS 2.1\ntracker\nhap1 14487 1\n"))
	f.Add([]byte("HAProxyS 2.0\r\ntracker\r\nhap1 14487 1\r\nrest"))
	f.Add([]byte("HAProxyS 2.999999999999999999999\n\n \n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		hello, n, err := ParseHello(b)
		status := Status(0)
		if err != nil && !errors.As(err, &status) {
			t.Fatalf("%q: error %v is no status", b, err)
		}
		if n > len(b) || n > 3*(maxHello+1) || (err != nil && n > 0) {
			t.Fatalf("%q: took %d bytes, %v", b, n, err)
		}
		if n == 0 {
			return
		}
		if hello.Major != 2 || hello.Minor < 0 || hello.Minor > 1 {
			t.Errorf("%q: version %d.%d", b, hello.Major, hello.Minor)
		}
		again, _, err := ParseHello(hello.AppendTo(nil))
		returns := strings.Contains(hello.To+hello.From, "\r") // at the end of a name it would be lost
		if (err != nil || again != hello) && !returns {
			t.Errorf("%+v became %+v, %v", hello, again, err)
		}
		for end := range b[:n] {
			if _, n, err := ParseHello(b[:end]); n != 0 || err != nil {
				t.Errorf("prefix %q: %d bytes, %v", b[:end], n, err)
			}
		}
	})
}

// FuzzStatus is the same for the answer.
func FuzzStatus(f *testing.F) {
	for _, s := range []string{"200\n", "300\r\n", "20", "99\n", "-20\n", "2000\n"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		status, n, err := ParseStatus(b)
		if err != nil && !errors.Is(err, ErrProtocol) && !errors.Is(err, ErrSize) {
			t.Fatalf("%q: unknown error %v", b, err)
		}
		if n > 0 && err == nil && (status < 100 || status > 999) {
			t.Errorf("%q: status %d", b, int(status))
		}
		_ = status.Error()
	})
}

// Any 64-bit integer, and nothing else, in one encoding only.
func FuzzVarint(f *testing.F) {
	for _, v := range varints {
		f.Add(unhex(f, v.hex))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		v, n, err := parseVarint(b)
		if err != nil {
			return
		}
		if again := appendVarint(nil, v); !bytes.Equal(again, b[:n]) {
			t.Errorf("%x is %d is %x", b[:n], v, again)
		}
	})
}

// A definition that can be read says the same when it is written again.
func FuzzDefinition(f *testing.F) {
	for _, m := range worked {
		if b := unhex(f, m.hex); b[1] == typeDefinition {
			f.Add(b[3:])
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		def, _, err := parseDefinition(b)
		if err != nil {
			return
		}
		if len(def.Name) > maxName || def.Values() > 64*3*maxElements {
			t.Fatalf("%x: name of %d bytes, %d values", b, len(def.Name), def.Values())
		}
		again := Decoder{MaxMessage: 1 << 20}
		m, _, err := again.Next(def.AppendTo(nil))
		if err != nil || m.Kind != KindDefinition || !reflect.DeepEqual(*m.Definition, def) {
			t.Errorf("%+v became %+v, %v", def, m.Definition, err)
		}
	})
}

// An update of any table: its messages of all four types say the same of key and values.
func FuzzUpdate(f *testing.F) {
	f.Add(unhex(f, worked[16].hex)[3:], unhex(f, "00000001"+"20010db8000000000000000000000001"+"05"+"010203"))
	f.Add(unhex(f, worked[2].hex)[3:], unhex(f, "00000001056375737431"+"05"))
	f.Add(unhex(f, "01062f71756f74610609f0f1fe0000"), unhex(f, "00000001"+"0161"+"0401"+"026131"))
	f.Fuzz(func(t *testing.T, definition, payload []byte) {
		def, _, err := parseDefinition(definition)
		if err != nil || len(payload) > 4096 {
			return
		}
		u := Update{Table: &def}
		for _, typ := range []byte{typeUpdate, typeIncremental, typeTimedUpdate, typeTimedIncremental} {
			if err := u.parse(payload, typ, 41, &dictCache{}); err != nil {
				continue
			}
			if u.Incremental && u.ID != 42 || len(u.Values) != def.Values() || u.messageType() != typ {
				t.Errorf("type %x: update %d with %d values, type %x", typ, u.ID, len(u.Values), u.messageType())
			}
			encodedAgain(t, &u)
		}
	})
}

// FuzzDict reads what may stand for a server, twice: a cache must not change what a
// string says of itself.
func FuzzDict(f *testing.F) {
	for _, hex := range []string{"0401026131", "0101", "00", "05f0f1fe00", "0180"} {
		f.Add(unhex(f, hex))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var cache dictCache
		first, n, err := cache.parse(b)
		if err != nil {
			return
		}
		second, _, err := cache.parse(b)
		if err != nil || first != second || n > len(b) || first.ID > maxDictID || len(cache.texts) > 1 {
			t.Errorf("%x: got %+v, then %+v, %v", b, first, second, err)
		}
		if !first.Bare {
			if again, _, err := new(dictCache).parse(first.appendTo(nil)); err != nil || again != first {
				t.Errorf("%+v became %+v, %v", first, again, err)
			}
		}
	})
}

// FuzzAck and a switch are a number or two and whatever follows.
func FuzzAck(f *testing.F) {
	f.Add(unhex(f, "0100000002"))
	f.Add(unhex(f, "fff0fefe7effffffff00"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if a, _, err := parseAck(b); err == nil {
			var d Decoder
			if m, _, err := d.Next(a.AppendTo(nil)); err != nil || m.Ack != a {
				t.Errorf("%+v became %+v, %v", a, m.Ack, err)
			}
		}
		if s, n, err := parseSwitch(b); err == nil && !bytes.Equal(s.AppendTo(nil)[3:], b[:n]) {
			t.Errorf("switch %x became %x", b[:n], s.AppendTo(nil))
		}
	})
}

// endlessSink is a connection that reads from memory and keeps what is written.
type endlessSink struct {
	io.Reader
	closed bool

	mu      sync.Mutex
	written bytes.Buffer
}

func (c *endlessSink) Write(b []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.written.Write(b)
}

func (c *endlessSink) Close() error                     { c.closed = true; return nil }
func (c *endlessSink) LocalAddr() net.Addr              { return &net.TCPAddr{} }
func (c *endlessSink) RemoteAddr() net.Addr             { return &net.TCPAddr{} }
func (c *endlessSink) SetDeadline(time.Time) error      { return nil }
func (c *endlessSink) SetReadDeadline(time.Time) error  { return nil }
func (c *endlessSink) SetWriteDeadline(time.Time) error { return nil }
