package driver

import (
	"bytes"
	"crypto/tls"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"github.com/haproof/haproof/harness"
)

// h2Peer is the server's end of a connection, in the hands of a test.
type h2Peer struct {
	*http2.Framer
	conn net.Conn
	raw  net.Conn // below TLS
	seen *atomic.Int64
}

// h2Act is what a hostile server does with a stream whose attempt has come. It returns
// false to stop reading.
type h2Act func(p *h2Peer, stream uint32) bool

// header answers a stream.
func (p *h2Peer) header(stream uint32, end bool, fields ...string) {
	var block bytes.Buffer
	e := hpack.NewEncoder(&block)
	for i := 0; i < len(fields); i += 2 {
		_ = e.WriteField(hpack.HeaderField{Name: fields[i], Value: fields[i+1]})
	}
	_ = p.WriteHeaders(http2.HeadersFrameParam{StreamID: stream, BlockFragment: block.Bytes(), EndHeaders: true, EndStream: end})
}

// answer answers a stream as PHP would.
func (p *h2Peer) answer(stream uint32) {
	p.header(stream, false, ":status", "200", "x-haproof-php", "1")
	_ = p.WriteData(stream, true, bytes.Repeat([]byte("p"), phpBytes))
}

// hostileH2 greets with settings and acts on each stream. seen counts the attempts
// that arrived.
func hostileH2(t *testing.T, pair tls.Certificate, rootPEM []byte, settings []http2.Setting, do h2Act) (to harness.Endpoint, seen *atomic.Int64) {
	t.Helper()
	seen = new(atomic.Int64)
	to = hostile(t, func(c net.Conn) {
		secure := tls.Server(c, &tls.Config{Certificates: []tls.Certificate{pair}, NextProtos: []string{"h2"}})
		if _, err := io.ReadFull(secure, make([]byte, len(http2.ClientPreface))); err != nil {
			return
		}
		p := &h2Peer{Framer: http2.NewFramer(secure, secure), conn: secure, raw: c, seen: seen}
		_ = p.WriteSettings(settings...)
		for {
			f, err := p.ReadFrame()
			if err != nil {
				return
			}
			if h, ok := f.(*http2.HeadersFrame); ok {
				seen.Add(1)
				if !do(p, h.StreamID) {
					return
				}
			}
		}
	})
	to.HTTPS, to.RootPEM = to.HTTP, rootPEM
	return to, seen
}

func overH2(requests uint64) harness.Workload {
	w := usual()
	w.Driver, w.Protocol, w.Profile, w.Customers, w.Requests, w.TLS, w.Timeout = "vegeta", harness.ProtocolHTTP2, "php", 1, requests, 1, 30*time.Second
	return w
}

func TestHostileHTTP2IsClassifiedAndNeverAskedTwice(t *testing.T) {
	pair, rootPEM := certificate(t)
	rst := func(code http2.ErrCode) h2Act {
		return func(p *h2Peer, stream uint32) bool { return p.WriteRSTStream(stream, code) == nil }
	}
	whole := func(fields ...string) h2Act {
		return func(p *h2Peer, stream uint32) bool { p.header(stream, true, fields...); return true }
	}
	for _, c := range []struct {
		why, want string
		do        h2Act
	}{
		{"refuses the stream", "indeterminate reset", rst(http2.ErrCodeRefusedStream)},
		{"resets for a protocol error", "indeterminate reset", rst(http2.ErrCodeProtocol)},
		{"resets without an error", "indeterminate reset", rst(http2.ErrCodeNo)},
		{"looked at nothing and goes away", "failed reset", func(p *h2Peer, _ uint32) bool {
			return p.WriteGoAway(0, http2.ErrCodeNo, nil) == nil
		}},
		{"took the stream and goes away", "indeterminate reset", func(p *h2Peer, stream uint32) bool {
			_ = p.WriteGoAway(stream, http2.ErrCodeNo, nil)
			return false
		}},
		{"goes away but answers what is on its way", "ok", func(p *h2Peer, stream uint32) bool {
			_ = p.WriteGoAway(h2MostStream, http2.ErrCodeNo, nil)
			p.answer(stream)
			return true
		}},
		{"closes", "indeterminate reset", func(*h2Peer, uint32) bool { return false }},
		{"resets the connection", "indeterminate reset", func(p *h2Peer, _ uint32) bool {
			reset(p.raw)
			return p.raw.Close() != nil
		}},
		{"closes within the body", "indeterminate reset", func(p *h2Peer, stream uint32) bool {
			p.header(stream, false, ":status", "200", "x-haproof-php", "1")
			_ = p.WriteData(stream, false, []byte("short"))
			return false
		}},
		{"resets within the body", "indeterminate reset", func(p *h2Peer, stream uint32) bool {
			p.header(stream, false, ":status", "200", "x-haproof-php", "1")
			return p.WriteRSTStream(stream, http2.ErrCodeInternal) == nil
		}},
		{"answers, then resets", "ok", func(p *h2Peer, stream uint32) bool {
			p.answer(stream)
			return p.WriteRSTStream(stream, http2.ErrCodeNo) == nil
		}},
		{"pings, and sends what nobody knows", "ok", func(p *h2Peer, stream uint32) bool {
			_ = p.WritePing(false, [8]byte{1})
			_ = p.WriteRawFrame(0xfe, 0, 0, []byte("new"))
			p.header(stream, false, ":status", "103", "link", "</x>")
			p.answer(stream)
			return true
		}},
		{"proxy answers itself", "indeterminate status", whole(":status", "503")},
		{"wrong size", "ok body", whole(":status", "200", "x-haproof-php", "1")},
		{"a file for PHP", "ok body", whole(":status", "200")},
		{"no status", "indeterminate protocol", whole("server", "x")},
		{"a status that is none", "indeterminate protocol", whole(":status", "2000")},
		{"fields of HTTP/1.1", "indeterminate protocol", whole(":status", "200", "connection", "close")},
		{"capital letters", "indeterminate protocol", whole(":status", "200", "Server", "x")},
		{"less than it says", "indeterminate protocol", whole(":status", "200", "content-length", "5")},
		{"more than it says", "indeterminate protocol", func(p *h2Peer, stream uint32) bool {
			p.header(stream, false, ":status", "200", "content-length", "1")
			return p.WriteData(stream, true, []byte("two")) == nil
		}},
		{"a body before the header", "indeterminate protocol", func(p *h2Peer, stream uint32) bool {
			return p.WriteData(stream, true, []byte("x")) == nil
		}},
		{"a header without end", "indeterminate protocol", func(p *h2Peer, stream uint32) bool {
			p.header(stream, true, ":status", "200", "x", strings.Repeat("x", h2HeaderBytes))
			return true
		}},
		{"pushes", "indeterminate protocol", func(p *h2Peer, stream uint32) bool {
			return p.WritePushPromise(http2.PushPromiseParam{StreamID: stream, PromiseID: 2, EndHeaders: true}) == nil
		}},
		{"speaks something else", "indeterminate protocol", func(p *h2Peer, _ uint32) bool {
			_, _ = io.WriteString(p.conn, "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")
			return true
		}},
	} {
		const n = 20
		to, seen := hostileH2(t, pair, rootPEM, nil, c.do)
		attempts, driven, err := played(t.Context(), t, vegetaDriver{}, overH2(n), to)
		if err != nil || driven.Offered != n {
			t.Errorf("%s: %d offered, error %v", c.why, driven.Offered, err)
		}
		got := tally(attempts)
		// Where one connection dies, those that were on it as well die with it, and what
		// had not left yet never does.
		if cause, unsettled := strings.CutPrefix(c.want, "indeterminate "); unsettled && got["failed "+cause] > 0 {
			got[c.want] += got["failed "+cause]
			delete(got, "failed "+cause)
		}
		if diff := cmp.Diff(map[string]int{c.want: n}, got); diff != "" {
			t.Errorf("%s: %s", c.why, diff)
		}
		if seen.Load() > n {
			t.Errorf("%s: %d attempts arrived as %d", c.why, n, seen.Load())
		}
	}
}
