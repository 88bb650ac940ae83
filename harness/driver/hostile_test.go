package driver

import (
	"bufio"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/haproof/haproof/harness"
)

// act is one thing that a hostile server does with a connection.
type act func(c net.Conn)

// hostile accepts connections, does the acts with each in turn, and closes it.
func hostile(t *testing.T, acts ...act) harness.Endpoint {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	all.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			all.Go(func() {
				for _, a := range acts {
					a(c)
				}
				_ = c.Close()
			})
		}
	})
	t.Cleanup(func() { _ = l.Close(); all.Wait() })
	return harness.Endpoint{Node: "hostile", HTTP: l.Addr().String()}
}

// readThen reads one whole attempt before it acts.
func readThen(acts ...act) act {
	return func(c net.Conn) {
		r, err := http.ReadRequest(bufio.NewReader(c))
		if err != nil {
			return
		}
		_, _ = io.Copy(io.Discard, r.Body)
		for _, a := range acts {
			a(c)
		}
	}
}

func say(text string) act { return func(c net.Conn) { _, _ = io.WriteString(c, text) } }

// hang waits until the client gives up.
func hang(c net.Conn) { _, _ = io.Copy(io.Discard, c) }

func hangUp(net.Conn) {}

func reset(c net.Conn) { _ = c.(*net.TCPConn).SetLinger(0) }

// refusing returns an address that nobody listens on.
func refusing(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = l.Close()
	return l.Addr().String()
}

// overTLS shakes hands and then hangs.
func overTLS(t *testing.T, pair tls.Certificate) string {
	return hostile(t, func(c net.Conn) {
		hang(tls.Server(c, &tls.Config{Certificates: []tls.Certificate{pair}}))
	}).HTTP
}

func TestHostileServersAreClassified(t *testing.T) {
	pair, rootPEM := certificate(t)
	_, strangerPEM := certificate(t)
	secure := func(address string, root []byte) harness.Endpoint {
		return harness.Endpoint{Node: "h", HTTP: address, HTTPS: address, RootPEM: root}
	}
	cases := []struct {
		why     string
		want    string
		dynamic bool
		to      harness.Endpoint
	}{
		{"nobody listens", "failed connect", true, harness.Endpoint{Node: "h", HTTP: refusing(t)}},
		{"takes the attempt, then resets", "indeterminate reset", true, hostile(t, readThen(reset))},
		{"takes the attempt, then closes", "indeterminate reset", true, hostile(t, readThen(hangUp))},
		{"ends within the body", "indeterminate reset", true, hostile(t, readThen(say("HTTP/1.1 200 OK\r\nContent-Length: 512\r\n\r\nshort")))},
		{"ends within the header", "indeterminate reset", true, hostile(t, readThen(say("HTTP/1.1 200 OK\r\nContent-Le")))},
		{"never answers", "indeterminate timeout", true, hostile(t, readThen(hang))},
		{"never ends its answer", "indeterminate timeout", true, hostile(t, readThen(say("HTTP/1.1 200 OK\r\nContent-Length: 512\r\n\r\nshort"), hang))},
		{"speaks another protocol", "indeterminate protocol", true, hostile(t, readThen(say("220 mail ready\r\n")))},
		{"speaks no TLS", "failed tls", true, secure(hostile(t, readThen(say("HTTP/1.1 400 Bad Request\r\n\r\n"))).HTTP, rootPEM)},
		{"has a stranger's certificate", "failed tls", true, secure(overTLS(t, pair), strangerPEM)},
		{"never shakes hands", "failed timeout", true, secure(hostile(t, hang).HTTP, rootPEM)},
		{"proxy answers itself", "indeterminate status", true, hostile(t, readThen(say("HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")))},
		{"PHP fails", "ok status", true, hostile(t, readThen(say("HTTP/1.1 500 Internal Server Error\r\nX-Haproof-Php: 1\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")))},
		{"proxy answers for a file", "ok status", false, hostile(t, readThen(say("HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")))},
		{"PHP answers for a file", "ok body", false, hostile(t, readThen(say("HTTP/1.1 200 OK\r\nX-Haproof-Php: 1\r\nConnection: close\r\nContent-Length: 512\r\n\r\n"+strings.Repeat("x", 512))))},
		{"a file for PHP", "ok body", true, hostile(t, readThen(say("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 512\r\n\r\n"+strings.Repeat("x", 512))))},
		{"wrong size", "ok body", true, hostile(t, readThen(say("HTTP/1.1 200 OK\r\nX-Haproof-Php: 1\r\nConnection: close\r\nContent-Length: 3\r\n\r\nabc")))},
	}
	everyDriver(t, func(t *testing.T, d harness.Driver) {
		for _, c := range cases {
			w := usual()
			w.Profile, w.Requests, w.TLS = "php", 20, 0
			if strings.HasSuffix(c.want, "timeout") {
				w.Timeout = 200 * time.Millisecond
			}
			if !c.dynamic {
				w.Profile, w.Dynamic = "dynamic", 0
			}
			if c.to.HTTPS != "" {
				w.TLS = 1
			}
			attempts, _, err := played(t.Context(), t, d, w, c.to)
			if err != nil {
				t.Errorf("%s: %v", c.why, err)
			}
			if diff := cmp.Diff(map[string]int{c.want: 20}, tally(attempts)); diff != "" {
				t.Errorf("%s: %s", c.why, diff)
			}
		}
	})
}
