package driver

import (
	"crypto/tls"
	"io"
	"log"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"github.com/haproof/haproof/harness"
	"github.com/haproof/haproof/harness/harnesstest/realtest"
)

func TestAttemptsAreSaidInHTTP2AsInHTTP1(t *testing.T) {
	target := Target{
		Method: "POST", Host: "c0000.customers.test:8443", Path: "/shop/item/1?status=200", Body: "a=1", Listed: true,
		Header: "Accept: */*\r\nCookie: a=b: c\r\nTE: trailers\r\nUpgrade: h2c\r\n",
	}
	head, body := h2Fields(appendAttempt(nil, 42, &target, target.Path))
	want := []h2Field{
		{Name: ":method", Value: "POST"}, {Name: ":scheme", Value: "https"},
		{Name: ":authority", Value: "c0000.customers.test:8443"}, {Name: ":path", Value: "/shop/item/1?status=200"},
		{Name: "x-haproof-seq", Value: "42", Sensitive: true}, {Name: "accept", Value: "*/*"}, {Name: "cookie", Value: "a=b: c"},
		{Name: "content-length", Value: "3"},
	}
	if diff := cmp.Diff(want, head); diff != "" || string(body) != "a=1" {
		t.Errorf("body %q: %s", body, diff)
	}
}

// TestOneConnectionPerHostCarriesAllItsAttempts looks at what a server of net/http sees.
func TestOneConnectionPerHostCarriesAllItsAttempts(t *testing.T) {
	for _, requests := range []int{0, 5} {
		o, endpoint := newOrigin(t)
		var strange atomic.Int64
		o.meanwhile = func(w http.ResponseWriter, r *http.Request) bool {
			if r.ProtoMajor != 2 || r.TLS.ServerName != r.Host {
				strange.Add(1)
			}
			return false
		}
		w := overH2(60)
		w.Customers, w.Connect = 3, &harness.Connect{Requests: requests}
		hosts, want := map[string]int{}, 0
		for targets, k := targetsOf(t, w), uint64(0); k < 60; k++ {
			hosts[targets.At(k).Host]++
		}
		for _, n := range hosts {
			want++
			if requests > 0 {
				want += (n - 1) / requests
			}
		}
		attempts, _, err := played(t.Context(), t, vegetaDriver{}, w, endpoint)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(map[string]int{"ok": 60}, tally(attempts)); diff != "" {
			t.Error(diff)
		}
		if o.opened != want || len(hosts) != 3 || strange.Load() != 0 {
			t.Errorf("%d attempts per connection: %d connections opened for %v, %d attempts in another protocol or for another host than their connection's",
				requests, o.opened, hosts, strange.Load())
		}
		realtest.Until(t, "all connections closed", func() bool { return o.open() == 0 })
	}
}

func TestNoMoreStreamsThanThePeerTakes(t *testing.T) {
	for _, row := range []struct {
		connections int
		most        int64 // attempts at a time
	}{{1, 3}, {2, 6}} {
		o, endpoint := newOrigin(t)
		_, endpoint = secureAs(t, o, endpoint, &http.HTTP2Config{MaxConcurrentStreams: 3})
		var now, most atomic.Int64
		o.meanwhile = func(http.ResponseWriter, *http.Request) bool {
			n := now.Add(1)
			for seen := most.Load(); n > seen && !most.CompareAndSwap(seen, n); seen = most.Load() {
			}
			<-time.After(2 * time.Millisecond)
			now.Add(-1)
			return false
		}
		w := overH2(200)
		w.Rate, w.Connections, w.Timeout = 20_000, row.connections, time.Minute
		attempts, _, err := played(t.Context(), t, vegetaDriver{}, w, endpoint)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(map[string]int{"ok": 200}, tally(attempts)); diff != "" {
			t.Error(diff)
		}
		if arrived, repeated := o.arrivals(); arrived != 200 || repeated != 0 || o.opened > row.connections || most.Load() > row.most {
			t.Errorf("%+v: %d arrived, %d repeatedly, over %d connections, %d at a time", row, arrived, repeated, o.opened, most.Load())
		}
	}
}

// secureAs serves over TLS with HTTP/2 as the test wants it.
func secureAs(t *testing.T, h http.Handler, endpoint harness.Endpoint, as *http.HTTP2Config) (*httptest.Server, harness.Endpoint) {
	t.Helper()
	pair, rootPEM := certificate(t)
	s := httptest.NewUnstartedServer(h)
	s.TLS, s.EnableHTTP2, s.Config.HTTP2 = &tls.Config{Certificates: []tls.Certificate{pair}}, as != nil, as
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	if o, ok := h.(*origin); ok {
		s.Config.ConnState = o.track
	}
	s.StartTLS()
	t.Cleanup(s.Close)
	endpoint.HTTPS, endpoint.RootPEM = s.Listener.Addr().String(), rootPEM
	return s, endpoint
}

func TestBodiesWaitForWindows(t *testing.T) {
	var mu sync.Mutex
	got := map[int]int{}
	_, endpoint := secureAs(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if b, err := io.ReadAll(r.Body); err == nil {
			mu.Lock()
			defer mu.Unlock()
			got[len(b)]++
		}
	}), harness.Endpoint{Node: "windows"}, &http.HTTP2Config{MaxReceiveBufferPerStream: 1 << 16, MaxReceiveBufferPerConnection: 1 << 17})
	const size = 1 << 20
	w := overH2(16)
	w.Profile, w.TLS, w.Timeout = "", 0, time.Minute
	w.Targets = []harness.Request{{TLS: true, Method: "PUT", Host: "c0000.customers.test", Path: "/", Body: strings.Repeat("b", size)}}
	attempts, _, err := played(t.Context(), t, vegetaDriver{}, w, endpoint)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]int{"ok": 16}, tally(attempts)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[int]int{size: 16}, got); diff != "" {
		t.Errorf("bodies by length: %s", diff)
	}
}

// patientFrom is the first id of the attempts that are answered in
// TestAnAttemptThatTimesOutLeavesTheOthersAlone.
const patientFrom = 100

// TestAnAttemptThatTimesOutLeavesTheOthersAlone has attempts time out on a connection that
// others wait on. Those are answered when the peer has heard of all of that.
func TestAnAttemptThatTimesOutLeavesTheOthersAlone(t *testing.T) {
	const each = 20
	pair, rootPEM := certificate(t)
	var asked, left atomic.Int64
	allLeft := make(chan struct{})
	to := hostile(t, func(c net.Conn) {
		secure := tls.Server(c, &tls.Config{Certificates: []tls.Certificate{pair}, NextProtos: []string{"h2"}})
		if _, err := io.ReadFull(secure, make([]byte, len(http2.ClientPreface))); err != nil {
			return
		}
		p := &h2Peer{Framer: http2.NewFramer(secure, secure)}
		p.ReadMetaHeaders = hpack.NewDecoder(4096, nil)
		_ = p.WriteSettings()
		var waiting []uint32
		for {
			f, err := p.ReadFrame()
			if err != nil {
				return
			}
			switch f := f.(type) {
			case *http2.MetaHeadersFrame:
				if seqOf(f) < patientFrom {
					break
				}
				if waiting = append(waiting, f.StreamID); asked.Add(1) == each {
					go answerAfter(t, allLeft, p, waiting)
				}
			case *http2.RSTStreamFrame:
				if left.Add(1) == each {
					close(allLeft)
				}
			}
		}
	})
	to.HTTPS, to.RootPEM = to.HTTP, rootPEM
	c, err := newClient(overH2(each), []harness.Endpoint{to})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.close() })
	target := targetsOf(t, overH2(each)).At(0)
	if err := c.h2.poolFor(c.servers[0], &target).warm(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	got := map[ending]int{}
	var all sync.WaitGroup
	send := func(from uint64, patience time.Duration) {
		for k := range uint64(each) {
			all.Go(func() {
				end := c.h2.send(c.servers[0], from+k, &target, time.Now().Add(patience))
				end.phases = phases{}
				mu.Lock()
				defer mu.Unlock()
				got[end]++
			})
		}
	}
	send(patientFrom, time.Minute)
	realtest.Until(t, "those who are answered have asked", func() bool { return asked.Load() == each })
	send(0, 100*time.Millisecond)
	all.Wait()
	want := map[ending]int{
		{status: 200, bytes: phpBytes, dynamic: true, outcome: harness.OK}: each,
		{dynamic: true, cause: harness.CauseTimeout}:                       each,
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(ending{}, phases{})); diff != "" {
		t.Error(diff)
	}
}

// seqOf returns an attempt's id.
func seqOf(f *http2.MetaHeadersFrame) (seq uint64) {
	for _, field := range f.RegularFields() {
		if strings.EqualFold(field.Name, harness.SeqHeader) {
			seq, _ = strconv.ParseUint(field.Value, 10, 64)
		}
	}
	return seq
}

// answerAfter answers streams once something has happened.
func answerAfter(t *testing.T, happened <-chan struct{}, p *h2Peer, streams []uint32) {
	select {
	case <-happened:
	case <-t.Context().Done():
	}
	for _, stream := range streams {
		p.answer(stream)
	}
}

func TestWhoSpeaksNoHTTP2IsAskedNothing(t *testing.T) {
	pair, rootPEM := certificate(t)
	o, endpoint := newOrigin(t)
	_, endpoint = secureAs(t, o, endpoint, nil)
	silent := harness.Endpoint{Node: "h", HTTPS: overTLS(t, pair), RootPEM: rootPEM} // agrees on no protocol, and hangs
	for _, to := range []harness.Endpoint{endpoint, silent} {
		attempts, _, err := played(t.Context(), t, vegetaDriver{}, overH2(20), to)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(map[string]int{"failed tls": 20}, tally(attempts)); diff != "" {
			t.Error(diff)
		}
	}
	if arrived, _ := o.arrivals(); arrived != 0 {
		t.Errorf("%d attempts arrived", arrived)
	}
}

func TestHTTP2ThatCannotBeIsRefused(t *testing.T) {
	_, endpoint := newOrigin(t)
	for want, change := range map[string]func(*harness.Workload){
		"goes over TLS":    func(w *harness.Workload) { w.TLS = 0 },
		"are for HTTP/1.1": func(w *harness.Workload) { w.Connect = &harness.Connect{Most: 3} },
		"list https targets": func(w *harness.Workload) {
			w.Profile, w.TLS, w.Targets = "", 0, []harness.Request{{Method: "GET", Host: "h", Path: "/"}}
		},
	} {
		w := overH2(10)
		change(&w)
		attempts, _, err := played(t.Context(), t, vegetaDriver{}, w, endpoint)
		if err == nil || !strings.Contains(err.Error(), want) || len(attempts) > 0 {
			t.Errorf("%s: got error %v after %d attempts", want, err, len(attempts))
		}
	}
}

func TestDriversThatSpeakHTTP1RefuseHTTP2(t *testing.T) {
	_, endpoint := newOrigin(t)
	for _, name := range slices.Sorted(maps.Keys(drivers)) {
		if name == "vegeta" {
			continue
		}
		d, err := New(name)
		if err != nil {
			t.Fatal(err)
		}
		attempts, _, err := played(t.Context(), t, d, overH2(10), endpoint)
		if err == nil || !strings.Contains(err.Error(), "driver: vegeta") || len(attempts) > 0 {
			t.Errorf("%s: got error %v after %d attempts", name, err, len(attempts))
		}
	}
}
