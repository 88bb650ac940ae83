package driver

import (
	"bufio"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"sync"
	"testing"

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
