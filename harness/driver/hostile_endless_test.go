package driver

import (
	"encoding/binary"
	"io"
	"net"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/haproof/haproof/harness"
	"github.com/haproof/haproof/harness/harnesstest/realtest"
)

// repeat says the same until the client has had enough.
func repeat(text string) act {
	many := strings.Repeat(text, 1+4096/len(text))
	return func(c net.Conn) {
		for {
			if _, err := io.WriteString(c, many); err != nil {
				return
			}
		}
	}
}

// drip says one byte per millisecond until the client has had enough.
func drip(text string) act {
	return func(c net.Conn) {
		tick := time.NewTicker(time.Millisecond)
		defer tick.Stop()
		for i := 0; ; i++ {
			if _, err := io.WriteString(c, text[i%len(text):i%len(text)+1]); err != nil {
				return
			}
			<-tick.C
		}
	}
}

const usualAnswer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

// record is a TLS record of a type and a version.
func record(kind byte, version uint16, length int) string {
	b := binary.BigEndian.AppendUint16([]byte{kind}, version)
	return string(binary.BigEndian.AppendUint16(b, uint16(length))) + strings.Repeat("\x00", length)
}

// hostility is a server that means no good.
type hostility struct {
	why  string
	want string // how each attempt ends
	tls  bool   // the client speaks TLS to it
	acts []act
}

// hostilities end attempts in the stated way; where that is a timeout, nothing
// but the client's patience can end them.
func hostilities() []hostility {
	const ok, chunked = "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
	after := func(acts ...act) []act { return []act{readThen(acts...)} }
	return []hostility{
		{"endless status line", "indeterminate protocol", false, after(say("HTTP/1.1 200 "), repeat("x"))},
		{"endless header line", "indeterminate protocol", false, after(say(ok+"X: "), repeat("x"))},
		{"endless header", "indeterminate protocol", false, after(say(ok), repeat("X: y\r\n"))},
		{"endless interim answers", "indeterminate protocol", false, after(repeat("HTTP/1.1 103 Early Hints\r\n\r\n"))},
		{"endless extension", "indeterminate protocol", false, after(say(chunked+"1;"), repeat("x"))},
		{"endless extensions", "indeterminate protocol", false, after(say(chunked), repeat("1;"+strings.Repeat("x", 500)+"\r\nx\r\n"))},
		{"endless trailer", "indeterminate protocol", false, after(say(chunked+"0\r\n"), repeat("X: y\r\n"))},
		{"endless chunks", "indeterminate timeout", false, after(say(chunked), repeat("1\r\nx\r\n"))},
		{"endless body", "indeterminate timeout", false, after(say(ok+"\r\n"), repeat("x"))},
		{"one byte per millisecond", "indeterminate timeout", false, after(drip(ok + "Content-Length: 1000000\r\n\r\n"))},
		{"huge length, early end", "indeterminate reset", false, after(say(ok + "Content-Length: 999999999999999\r\n\r\nx"))},
		{"length beyond all", "indeterminate protocol", false, after(say(ok + "Content-Length: 9223372036854775808\r\n\r\nx"))},
		{"reset within the header", "indeterminate reset", false, after(say(ok+"Content-"), reset)},
		{"bytes that are no text", "indeterminate protocol", false, after(say("\x00\xff\x00\xff\r\n\r\n"))},
		{"a TLS alert in clear", "indeterminate protocol", false, after(say(record(21, 0x0303, 2)), hang)},
		{"no TLS record", "failed tls", true, []act{say(strings.Repeat("garbage", 100)), hang}},
		{"a record of another version", "failed tls", true, []act{say(record(22, 0x0909, 40)), hang}},
		{"a record that is too long", "failed tls", true, []act{say(record(22, 0x0303, 40_000)), hang}},
		{"half a handshake", "failed timeout", true, []act{say(record(22, 0x0303, 100)[:50]), hang}},
		{"a handshake of one byte per millisecond", "failed timeout", true, []act{drip("\x16\x03\x03\x3f\x00\x02\x00\x3e\xfc" + strings.Repeat("\x00", 16000))}},
		{"silence in place of a handshake", "failed timeout", true, []act{hang}},
	}
}

func TestHostileServersEndAttemptsInTime(t *testing.T) {
	_, rootPEM := certificate(t)
	everyDriver(t, func(t *testing.T, d harness.Driver) {
		for _, h := range hostilities() {
			to := hostile(t, h.acts...)
			w := usual()
			w.Requests, w.TLS, w.Dynamic, w.Timeout = 10, 0, 0, 30*time.Second
			if h.tls {
				w.TLS, to.HTTPS, to.RootPEM = 1, to.HTTP, rootPEM
			}
			if strings.HasSuffix(h.want, "timeout") {
				w.Timeout = 150 * time.Millisecond
			}
			attempts, _, err := played(t.Context(), t, d, w, to)
			if err != nil {
				t.Errorf("%s: %v", h.why, err)
			}
			got := tally(attempts)
			if strings.HasSuffix(h.want, "timeout") { // which may also come before an attempt was sent
				for _, name := range []string{"failed timeout", "failed shed"} {
					n := got[name]
					delete(got, name)
					got[h.want] += n
				}
			}
			if diff := cmp.Diff(map[string]int{h.want: 10}, got); diff != "" {
				t.Errorf("%s: %s", h.why, diff)
			}
		}
	})
}

// TestNothingUnaskedIsTakenForAnAnswer plays against servers that say more than they
// were asked for, or before they were: on a kept connection that must never answer
// the next attempt.
func TestNothingUnaskedIsTakenForAnAnswer(t *testing.T) {
	const early = "HTTP/1.1 203 Early\r\nContent-Length: 0\r\n\r\n"
	everyDriver(t, func(t *testing.T, d harness.Driver) {
		for why, acts := range map[string][]act{
			"two answers":             {readThen(say(usualAnswer + early)), hang},
			"an answer after closing": {readThen(say("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok" + early)), hang},
		} {
			w := usual()
			w.Targets = []harness.Request{{Method: "GET", Host: "a", Path: "/"}}
			w.Requests, w.TLS, w.Rate = 30, 0, 200
			attempts, _, err := played(t.Context(), t, d, w, hostile(t, acts...))
			if err != nil {
				t.Fatal(err)
			}
			statuses := map[int]int{}
			for _, a := range attempts {
				statuses[a.Status]++
			}
			if diff := cmp.Diff(map[int]int{200: 30}, statuses); diff != "" {
				t.Errorf("%s: %s", why, diff)
			}
		}
	})
}

// TestAHostileServerDisturbsNobodyElse offers attempts to a hostile server and to a
// good one in turn, a thousand of them to each, and looks at what is left afterwards.
func TestAHostileServerDisturbsNobodyElse(t *testing.T) {
	_, rootPEM := certificate(t)
	everyDriver(t, func(t *testing.T, d harness.Driver) {
		for _, h := range []hostility{
			{"endless header", "indeterminate protocol", false, []act{readThen(say("HTTP/1.1 200 OK\r\nX: "), repeat("x"))}},
			{"endless interim answers", "indeterminate protocol", false, []act{readThen(repeat("HTTP/1.1 103 Early Hints\r\n\r\n"))}},
			{"reset within the header", "indeterminate reset", false, []act{readThen(say("HTTP/1.1 200 OK\r\nX"), reset)}},
			{"no TLS record", "failed tls", true, []act{say(strings.Repeat("garbage", 100)), hang}},
		} {
			_, good := newOrigin(t)
			bad := hostile(t, h.acts...)
			good.RootPEM, bad.HTTPS, bad.RootPEM = nil, bad.HTTP, rootPEM
			w := usual()
			w.Requests, w.Rate, w.TLS, w.Timeout = 1000, 1000, 0, 60*time.Second
			w.Targets = []harness.Request{
				{Endpoint: 0, Method: "GET", Host: "good.ads.test", Path: "/pixel.gif"},
				{Endpoint: 1, TLS: h.tls, Method: "GET", Host: "bad.ads.test", Path: "/"},
			}
			before := footprint()
			attempts, _, err := played(t.Context(), t, d, w, good, bad)
			if err != nil {
				t.Fatalf("%s: %v", h.why, err)
			}
			if diff := cmp.Diff(map[string]int{"ok": 500, h.want: 500}, tally(attempts)); diff != "" {
				t.Errorf("%s: %s", h.why, diff)
			}
			realtest.Until(t, h.why+": nothing is left open", func() bool { return footprint().files <= before.files+2 })
			// Servers' goroutines end when they see that their client is gone.
			realtest.Until(t, h.why+": nothing is left running", func() bool { return footprint().goroutines <= before.goroutines+2 })
			realtest.Until(t, h.why+": nothing is left on the heap", func() bool { return footprint().heap <= before.heap+16<<20 })
		}
	})
}

// footprints are what a process uses.
type footprints struct {
	files, goroutines int
	heap              uint64
}

func footprint() (f footprints) {
	files, _ := os.ReadDir("/proc/self/fd") // none where there is no such folder
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return footprints{len(files), runtime.NumGoroutine(), m.HeapAlloc}
}
