//go:build amd64 || arm64

package driver

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/haproof/haproof/harness"
)

// recorder is a server that keeps the bytes of each attempt, by sequence id. What
// arrives twice stands there twice.
type recorder struct {
	mu   sync.Mutex
	seen map[uint64]string
}

// newRecorder listens in clear and over TLS until the test ends.
func newRecorder(t *testing.T) (*recorder, harness.Endpoint) {
	r := &recorder{seen: map[uint64]string{}}
	pair, rootPEM := certificate(t)
	e := harness.Endpoint{Node: "recorder", RootPEM: rootPEM}
	for over, address := range map[string]*string{"clear": &e.HTTP, "TLS": &e.HTTPS} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		*address = l.Addr().String()
		if over == "TLS" {
			l = tls.NewListener(l, &tls.Config{Certificates: []tls.Certificate{pair}})
		}
		var all sync.WaitGroup
		all.Go(func() {
			for {
				c, err := l.Accept()
				if err != nil {
					return
				}
				all.Go(func() { r.record(c, over) })
			}
		})
		t.Cleanup(func() { _ = l.Close(); all.Wait() })
	}
	return r, e
}

// record gives every user a cookie that tells its attempts apart.
func (r *recorder) record(c net.Conn, over string) {
	defer c.Close()
	for from := bufio.NewReader(c); ; {
		seq, text, err := readRaw(from)
		if err != nil {
			return
		}
		r.mu.Lock()
		r.seen[seq] += over + " " + text
		r.mu.Unlock()
		if _, err := fmt.Fprintf(c, "HTTP/1.1 204 No Content\r\nSet-Cookie: sid=%d\r\n\r\n", seq); err != nil {
			return
		}
	}
}

// streamSchedules are workloads that differ in when their attempts are due.
var streamSchedules = map[string]func(w *harness.Workload){
	"regular": func(*harness.Workload) {},
	"poisson": func(w *harness.Workload) { w.Arrivals = harness.ArrivalsPoisson },
	"windows": func(w *harness.Workload) { w.Arrivals, w.Window = harness.ArrivalsWindows, 10*time.Millisecond },
	"ramp": func(w *harness.Workload) {
		w.Requests, w.Duration, w.Rate = 0, 100*time.Millisecond, 1000
		w.Shape = &harness.Shape{Kind: harness.ShapeRamp, To: 5000}
	},
	"sine": func(w *harness.Workload) {
		w.Requests, w.Duration, w.Rate = 0, 100*time.Millisecond, 5000
		w.Shape = &harness.Shape{Kind: harness.ShapeSine, To: 1000, Period: 50 * time.Millisecond}
	},
	"users who arrive": func(w *harness.Workload) { w.Users = &harness.Users{Requests: 3, Cookies: true} },
	"users in a loop":  func(w *harness.Workload) { w.Users = &harness.Users{Count: 7, Requests: 5, Cookies: true} },
}

// TestBytesOnTheWireAreTheSameForEveryDriverAndNumberOfShards compares all that
// arrives, over TLS and in clear. Where there are no users, it is what the pure
// function says.
func TestBytesOnTheWireAreTheSameForEveryDriverAndNumberOfShards(t *testing.T) {
	drivers := map[string]harness.Driver{
		"vegeta": vegetaDriver{}, "1 shard": wireDriver{shards: 1}, "2 shards": wireDriver{shards: 2}, "4 shards": wireDriver{shards: 4},
	}
	for which, w := range map[string]harness.Workload{"profile": usual(), "routes": routedWorkload()} {
		for when, change := range streamSchedules {
			if which == "profile" && when != "regular" && when != "users in a loop" {
				continue // what differs by schedule are users and their cookies, and routes have more of both
			}
			w.Rate, w.Requests, w.Timeout = 5000, 300, 30*time.Second
			w := w
			change(&w)
			var first map[uint64]string
			for name, d := range drivers {
				r, endpoint := newRecorder(t)
				attempts, _, err := played(t.Context(), t, d, w, endpoint)
				if err != nil {
					t.Fatalf("%s, %s, %s: %v", which, when, name, err)
				}
				if first == nil {
					first = expected(t, w, attempts, r.seen)
				}
				if diff := cmp.Diff(first, r.seen); diff != "" {
					t.Errorf("%s, %s, %s: %s", which, when, name, diff)
				}
				if len(attempts) != len(first) || len(first) < 200 {
					t.Errorf("%s, %s, %s: %d attempts, of which %d arrived", which, when, name, len(attempts), len(first))
				}
			}
		}
	}
}

// expected returns what should arrive: of users, whose cookies a pure function does
// not know, what did.
func expected(t *testing.T, w harness.Workload, attempts []harness.Attempt, seen map[uint64]string) map[uint64]string {
	t.Helper()
	if w.Users != nil {
		return seen
	}
	want, targets := map[uint64]string{}, targetsOf(t, w)
	for k := range uint64(len(attempts)) {
		target := targets.At(k)
		over := map[bool]string{false: "clear ", true: "TLS "}[target.TLS]
		want[k] = string(appendAttempt([]byte(over), k, &target, target.Path))
	}
	return want
}
