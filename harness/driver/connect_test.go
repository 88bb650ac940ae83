package driver

import (
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/haproof/haproof/harness"
	"github.com/haproof/haproof/harness/harnesstest/realtest"
)

// visits is what a server saw of the attempts on its connections.
type visits struct {
	mu    sync.Mutex
	conns map[int64]int // attempts by the number of their connection
	last  map[int64]int // of them, those that said that they are the last one
	order []int64
	tls   []tls.ConnectionState // of the first attempt of each connection
	names map[[2]string]int     // server name and host of each attempt
}

// watching has an origin note what its connections carry.
func watching(o *origin) *visits {
	v := &visits{conns: map[int64]int{}, last: map[int64]int{}, names: map[[2]string]int{}}
	o.meanwhile = func(_ http.ResponseWriter, r *http.Request) bool {
		v.mu.Lock()
		defer v.mu.Unlock()
		from := r.Context().Value(connNumber{}).(int64)
		v.order = append(v.order, from)
		if r.Close {
			v.last[from]++
		}
		if v.conns[from]++; r.TLS != nil {
			v.names[[2]string{r.TLS.ServerName, r.Host}]++
			if v.conns[from] == 1 {
				v.tls = append(v.tls, *r.TLS)
			}
		}
		return false
	}
	return v
}

// everyHTTP1 runs a test with each driver that speaks HTTP/1.1 over TLS.
func everyHTTP1(t *testing.T, test func(t *testing.T, d harness.Driver)) {
	everyDriver(t, func(t *testing.T, d harness.Driver) {
		if strings.Contains(t.Name(), "h2") {
			t.Skip("speaks HTTP/2")
		}
		test(t, d)
	})
}

func TestAConnectionCarriesExactlyAsManyAttemptsAsItMay(t *testing.T) {
	everyHTTP1(t, func(t *testing.T, d harness.Driver) {
		for _, share := range []harness.Share{0, 1} {
			for _, n := range []int{1, 3} {
				o, endpoint := newOrigin(t)
				v := watching(o)
				w := usual()
				w.TLS, w.Requests, w.Connect = share, 200, &harness.Connect{Requests: n}
				attempts, _, err := played(t.Context(), t, d, w, endpoint)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(map[string]int{"ok": 200}, tally(attempts)); diff != "" {
					t.Errorf("TLS %v: %s", share, diff)
				}
				total := 0
				for from, carried := range v.conns {
					total += carried
					if carried > n || (v.last[from] == 1) != (carried == n) {
						t.Errorf("TLS %v: a connection carried %d attempts of %d, of which %d said that they were the last", share, carried, n, v.last[from])
					}
				}
				if total != 200 || n == 1 && len(v.conns) != 200 {
					t.Errorf("TLS %v: %d attempts arrived over %d connections", share, total, len(v.conns))
				}
			}
		}
	})
}

func TestOnlyTheVersionOfTLSThatIsAskedForIsSpoken(t *testing.T) {
	everyHTTP1(t, func(t *testing.T, d harness.Driver) {
		for name, version := range map[string]uint16{"1.2": tls.VersionTLS12, "1.3": tls.VersionTLS13, "": tls.VersionTLS13} {
			o, endpoint := newOrigin(t)
			v := watching(o)
			w := usual()
			w.TLS, w.Connect = 1, &harness.Connect{TLS: name}
			attempts, _, err := played(t.Context(), t, d, w, endpoint)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(map[string]int{"ok": 500}, tally(attempts)); diff != "" {
				t.Errorf("TLS %s: %s", name, diff)
			}
			for _, state := range v.tls {
				if state.Version != version || state.NegotiatedProtocol != "http/1.1" && state.NegotiatedProtocol != "" {
					t.Errorf("TLS %q: got %s, protocol %q", name, tls.VersionName(state.Version), state.NegotiatedProtocol)
				}
			}
			for names, n := range v.names {
				if names[0] != names[1] {
					t.Errorf("%d attempts for %s over connections for %s", n, names[1], names[0])
				}
			}
			if len(v.names) != 15 {
				t.Errorf("%d hosts, want 15", len(v.names))
			}
		}
	})
}

func TestTheShareOfResumedConnectionsIsExact(t *testing.T) {
	everyHTTP1(t, func(t *testing.T, d harness.Driver) {
		for _, version := range []string{"1.2", "1.3"} {
			for share, want := range map[harness.Share]int{0: 0, 0.25: 10, 1: 40} {
				o, endpoint := newOrigin(t)
				v := watching(o)
				w := usual()
				w.Profile, w.TLS, w.Customers, w.Hosts, w.Rate = "ads", 1, 1, 1, 0
				w.Requests, w.Users = 41, &harness.Users{Count: 1} // one after the other
				w.Connect = &harness.Connect{Requests: 1, Resume: &share, TLS: version}
				if _, _, err := played(t.Context(), t, d, w, endpoint); err != nil {
					t.Fatal(err)
				}
				resumed := 0
				for _, state := range v.tls {
					if state.DidResume {
						resumed++
					}
				}
				if resumed != want || len(v.tls) != 41 {
					t.Errorf("TLS %s, %v: %d of %d connections resumed, want %d of the 40 after the first", version, share, resumed, len(v.tls), want)
				}
			}
		}
	})
}

// listening accepts connections in clear and gives each to serve, until the test
// ends.
func listening(t *testing.T, serve func(c net.Conn)) string {
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
				defer func() { _ = c.Close() }()
				serve(c)
			})
		}
	})
	t.Cleanup(func() { _ = l.Close(); all.Wait() })
	return l.Addr().String()
}

func TestAHandshakeThatHangsEndsWithPatienceAndLeavesNothingOpen(t *testing.T) {
	everyHTTP1(t, func(t *testing.T, d harness.Driver) {
		var here crowded
		address := listening(t, func(c net.Conn) {
			here.enter()
			defer here.leave()
			_, _ = io.Copy(io.Discard, c)
		})
		w := usual()
		w.TLS, w.Rate, w.Requests, w.Timeout = 1, 1000, 40, 500*time.Millisecond
		attempts, _, err := played(t.Context(), t, d, w, harness.Endpoint{Node: "silent", HTTPS: address, Trusted: true})
		if err != nil {
			t.Fatal(err)
		}
		got := tally(attempts)
		got["failed timeout"] += got["failed shed"] // of a client that was kept from the processor for as long
		delete(got, "failed shed")
		if diff := cmp.Diff(map[string]int{"failed timeout": 40}, got); diff != "" {
			t.Error(diff)
		}
		realtest.Until(t, "all connections closed", func() bool { return here.now() == 0 })
	})
}

func TestAServerThatWantsAnotherProtocolIsAFailureOfTLS(t *testing.T) {
	everyHTTP1(t, func(t *testing.T, d harness.Driver) {
		pair, root := certificate(t)
		config := &tls.Config{Certificates: []tls.Certificate{pair}, NextProtos: []string{"imap"}}
		address := listening(t, func(c net.Conn) { _ = tls.Server(c, config).Handshake() })
		w := usual()
		w.TLS, w.Requests = 1, 20
		attempts, _, err := played(t.Context(), t, d, w, harness.Endpoint{Node: "mail", HTTPS: address, RootPEM: root})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(map[string]int{"failed tls": 20}, tally(attempts)); diff != "" {
			t.Error(diff)
		}
	})
}

// crowded counts who is there.
type crowded struct {
	mu            sync.Mutex
	present, peak int
}

func (c *crowded) enter() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.present++
	c.peak = max(c.peak, c.present)
}

func (c *crowded) leave() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.present--
}

func (c *crowded) now() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.present
}

// TestNoMoreConnectionsAreOpenThanMayBe has each connection wait at the server's
// door until those before it that the client has closed are gone: whoever keeps
// one too many open never gets in.
func TestNoMoreConnectionsAreOpenThanMayBe(t *testing.T) {
	everyHTTP1(t, func(t *testing.T, d harness.Driver) {
		for _, share := range []harness.Share{0, 0.5, 1} {
			o, endpoint := newOrigin(t)
			const most = 3
			room := make(chan struct{}, most)
			through := func(to string) string {
				return listening(t, func(c net.Conn) {
					select {
					case room <- struct{}{}:
					case <-time.After(30 * time.Second):
						t.Error("one connection too many")
						return
					}
					defer func() { <-room }()
					relay(c, to)
				})
			}
			endpoint.HTTP, endpoint.HTTPS = through(endpoint.HTTP), through(endpoint.HTTPS)
			w := usual()
			w.TLS, w.Requests, w.Timeout, w.Connect = share, 200, 60*time.Second, &harness.Connect{Most: most}
			attempts, _, err := played(t.Context(), t, d, w, endpoint)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(map[string]int{"ok": 200}, tally(attempts)); diff != "" {
				t.Errorf("TLS %v: %s", share, diff)
			}
			if share == 1 && o.opened < 15 {
				t.Errorf("%d connections for 15 hosts", o.opened)
			}
		}
	})
}

// relay passes bytes both ways until the client ends its side.
func relay(c net.Conn, to string) {
	s, err := net.Dial("tcp", to)
	if err != nil {
		return
	}
	var back sync.WaitGroup
	back.Go(func() { _, _ = io.Copy(c, s) })
	_, _ = io.Copy(s, c)
	_ = s.Close()
	back.Wait()
}

func TestTheLastAttemptOfAConnectionSaysSo(t *testing.T) {
	const attempt = "POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\n\r\n\r\n"
	got := string(appendLast([]byte("kept "), []byte(attempt)))
	if want := "kept POST /a HTTP/1.1\r\nConnection: close\r\nHost: h\r\nContent-Length: 4\r\n\r\n\r\n\r\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestEachShareOfResumptionsIsKeptAtAllTimes(t *testing.T) {
	for _, share := range []float64{0, 0.1, 0.3, 1. / 3, 0.5, 0.7, 0.999, 1} {
		r := newResumption(&share)
		offered := 0
		for n := 1; n <= 1000; n++ {
			if r.turn() {
				offered++
			}
			if want := float64(n) * share; float64(offered) > want+1e-6 || float64(offered) <= want-1 {
				t.Fatalf("share %v: %d of %d", share, offered, n)
			}
		}
	}
	if got := strconv.FormatBool(newResumption(nil).turn()); got != "true" {
		t.Error("without a share not all are offered")
	}
}
