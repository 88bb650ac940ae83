package driver

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
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
	address := listening(t, func(c net.Conn) {
		for _, a := range acts {
			a(c)
		}
	})
	return harness.Endpoint{Node: "hostile", HTTP: address}
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

// refusing returns an address that nobody listens on until the test ends: a socket has
// it and does not listen.
func refusing(t *testing.T) string {
	t.Helper()
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	syscall.CloseOnExec(fd)
	t.Cleanup(func() { _ = syscall.Close(fd) })
	if err := syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		t.Fatal(err)
	}
	address, err := syscall.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("127.0.0.1:%d", address.(*syscall.SockaddrInet4).Port)
}

// heard is the ids of the attempts that a hostile server has read as a whole.
type heard struct {
	mu  sync.Mutex
	ids map[uint64]bool
}

// readThen is like the function, and takes note of the attempt.
func (h *heard) readThen(acts ...act) act {
	return func(c net.Conn) {
		r, err := http.ReadRequest(bufio.NewReader(c))
		if err != nil {
			return
		}
		_, _ = io.Copy(io.Discard, r.Body)
		h.note(r.Header.Get(harness.SeqHeader))
		for _, a := range acts {
			a(c)
		}
	}
}

func (h *heard) note(seq string) {
	id, _ := strconv.ParseUint(seq, 10, 64)
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.ids == nil {
		h.ids = map[uint64]bool{}
	}
	h.ids[id] = true
}

// fold is tally, with attempts that ended before they could be sent counted as what they
// should have come to: where the client is kept from the processor, its patience may end
// as early as that. What the server has heard of was sent.
func (h *heard) fold(attempts []harness.Attempt, into string) map[string]int {
	h.mu.Lock()
	defer h.mu.Unlock()
	early := func(a harness.Attempt) bool {
		return a.Outcome == harness.Failed && (a.Cause == harness.CauseTimeout || a.Cause == harness.CauseShed) && !h.ids[a.Seq]
	}
	sent := slices.DeleteFunc(slices.Clone(attempts), early)
	counts := tally(sent)
	if n := len(attempts) - len(sent); n > 0 {
		counts[into] += n
	}
	return counts
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
	type hostileCase struct {
		why     string
		want    string
		dynamic bool
		to      harness.Endpoint
		heard   *heard // of those that have attempts wait in vain
	}
	cases := []hostileCase{
		{"nobody listens", "failed connect", true, harness.Endpoint{Node: "h", HTTP: refusing(t)}, nil},
		{"takes the attempt, then resets", "indeterminate reset", true, hostile(t, readThen(reset)), nil},
		{"takes the attempt, then closes", "indeterminate reset", true, hostile(t, readThen(hangUp)), nil},
		{"ends within the body", "indeterminate reset", true, hostile(t, readThen(say("HTTP/1.1 200 OK\r\nContent-Length: 512\r\n\r\nshort"))), nil},
		{"ends within the header", "indeterminate reset", true, hostile(t, readThen(say("HTTP/1.1 200 OK\r\nContent-Le"))), nil},
		{"speaks another protocol", "indeterminate protocol", true, hostile(t, readThen(say("220 mail ready\r\n"))), nil},
		{"speaks no TLS", "failed tls", true, secure(hostile(t, readThen(say("HTTP/1.1 400 Bad Request\r\n\r\n"))).HTTP, rootPEM), nil},
		{"has a stranger's certificate", "failed tls", true, secure(overTLS(t, pair), strangerPEM), nil},
		{"proxy answers itself", "indeterminate status", true, hostile(t, readThen(say("HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"))), nil},
		{"proxy denies the customer", "ok denied", true, hostile(t, readThen(say("HTTP/1.1 429 Too Many Requests\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"))), nil},
		{"PHP fails", "ok status", true, hostile(t, readThen(say("HTTP/1.1 500 Internal Server Error\r\nX-Haproof-Php: 1\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"))), nil},
		{"proxy answers for a file", "ok status", false, hostile(t, readThen(say("HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"))), nil},
		{"PHP answers for a file", "ok body", false, hostile(t, readThen(say("HTTP/1.1 200 OK\r\nX-Haproof-Php: 1\r\nConnection: close\r\nContent-Length: 512\r\n\r\n"+strings.Repeat("x", 512)))), nil},
		{"a file for PHP", "ok body", true, hostile(t, readThen(say("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 512\r\n\r\n"+strings.Repeat("x", 512)))), nil},
		{"wrong size", "ok body", true, hostile(t, readThen(say("HTTP/1.1 200 OK\r\nX-Haproof-Php: 1\r\nConnection: close\r\nContent-Length: 3\r\n\r\nabc"))), nil},
	}
	everyDriver(t, func(t *testing.T, d harness.Driver) {
		var silent, endless, unshaken heard
		for _, c := range append(slices.Clone(cases),
			hostileCase{"never answers", "indeterminate timeout", true, hostile(t, silent.readThen(hang)), &silent},
			hostileCase{"never ends its answer", "indeterminate timeout", true,
				hostile(t, endless.readThen(say("HTTP/1.1 200 OK\r\nContent-Length: 512\r\n\r\nshort"), hang)), &endless},
			hostileCase{"never shakes hands", "failed timeout", true, secure(hostile(t, hang).HTTP, rootPEM), &unshaken},
		) {
			w := usual()
			w.Profile, w.Requests, w.TLS = "php", 20, 0
			if c.heard != nil {
				w.Timeout = time.Second // so long that a busy machine is hardly too late itself
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
			got := tally(attempts)
			if c.heard != nil {
				got = c.heard.fold(attempts, c.want)
			}
			if diff := cmp.Diff(map[string]int{c.want: 20}, got); diff != "" {
				t.Errorf("%s: %s", c.why, diff)
			}
		}
	})
}
