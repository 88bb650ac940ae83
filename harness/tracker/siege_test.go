package tracker_test

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/haproof/haproof/harness/harnesstest/simproxy"
	"github.com/haproof/haproof/harness/peers"
	"github.com/haproof/haproof/harness/tracker"
)

// endurance is how long a test waits for what must come, however busy the machine is.
const endurance = 2 * time.Minute

// siege is a Server that counts one good proxy under load while a test attacks it.
type siege struct {
	t      *testing.T
	server *tracker.Server
	good   *simproxy.Proxy
	stop   func() // the load

	mu     sync.Mutex
	cond   *sync.Cond
	events []tracker.Event
}

// besiege starts a Server and the good proxy. The Server gives up only whom the test says,
// by a timer of its own.
func besiege(t *testing.T, cfg tracker.Config, secure *tls.Config) *siege {
	t.Helper()
	s := &siege{t: t}
	s.cond = sync.NewCond(&s.mu)
	cfg.Name, cfg.Listen, cfg.Report = "tracker", "127.0.0.1:0", s.note
	cfg.Peers.Handshake = cmp.Or(cfg.Peers.Handshake, endurance)
	cfg.Peers.Write = cmp.Or(cfg.Peers.Write, endurance)
	cfg.Peers.Read = endurance
	server, err := tracker.New(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	s.server = server
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() {
		if err := server.Run(ctx); err != nil {
			t.Errorf("run: %v", err)
		}
	})
	s.good = s.proxy("hap1", secure)
	running.Go(func() { s.good.Run(ctx) })
	if err := s.good.Idle(s.patient()); err != nil {
		t.Fatal(err)
	}
	load, stop := context.WithCancel(ctx)
	var paced sync.WaitGroup
	paced.Go(func() { s.good.Pace(load, 1000, 5000, 0, nil) })
	s.stop = func() { stop(); paced.Wait() }
	t.Cleanup(func() {
		s.stop()
		cancel()
		running.Wait()
	})
	return s
}

func (s *siege) proxy(name string, secure *tls.Config) *simproxy.Proxy {
	return simproxy.New(simproxy.Config{Name: name, Addrs: []string{s.server.PeersAddr().String()}, TLS: secure, Generation: "1",
		Redial: 10 * time.Millisecond, Silence: endurance})
}

func (s *siege) patient() context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), endurance)
	s.t.Cleanup(cancel)
	return ctx
}

func (s *siege) note(e tracker.Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.events = append(s.events, e)
	s.cond.Broadcast()
}

// await waits for an event and returns it.
func (s *siege) await(what string, is func(tracker.Event) bool) tracker.Event {
	s.t.Helper()
	ctx := s.patient()
	defer context.AfterFunc(ctx, s.cond.Broadcast)()
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		for _, e := range s.events {
			if is(e) {
				return e
			}
		}
		if ctx.Err() != nil {
			s.t.Fatalf("%s: not among %d events within %v", what, len(s.events), endurance)
		}
		s.cond.Wait()
	}
}

// count returns how many events are so.
func (s *siege) count(is func(tracker.Event) bool) (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range s.events {
		if is(e) {
			n++
		}
	}
	return n
}

// poll waits for what nothing announces.
func (s *siege) poll(what string, ok func() bool) {
	s.t.Helper()
	again := time.NewTicker(5 * time.Millisecond)
	defer again.Stop()
	deadline := time.After(endurance)
	for !ok() {
		select {
		case <-again.C:
		case <-deadline:
			s.t.Fatalf("%s: not within %v", what, endurance)
		}
	}
}

// failed is an event that wraps an error, of a source or of nobody.
func failed(source string, err error) func(tracker.Event) bool {
	return func(e tracker.Event) bool { return e.Source == source && errors.Is(e.Err, err) }
}

// demandUnharmed waits for some more load, ends it and compares every count of the
// good proxy, whose session must be its first one.
func (s *siege) demandUnharmed() {
	s.t.Helper()
	sent := s.good.Sent()
	s.poll("load after the attack", func() bool { return s.good.Sent() >= sent+100 })
	s.stop()
	if err := s.good.Idle(s.patient()); err != nil {
		s.t.Fatal(err)
	}
	s.demandExact(s.good)
	if n := s.count(func(e tracker.Event) bool { return e.Source == "hap1" && e.Text == "session opened" }); n != 1 {
		s.t.Errorf("good proxy had %d sessions, want 1", n)
	}
}

func (s *siege) demandExact(p *simproxy.Proxy) {
	s.t.Helper()
	totals, err := s.server.Totals(s.t.Context(), tracker.Totals{})
	if err != nil {
		s.t.Fatal(err)
	}
	got := make(map[string]uint64, len(totals.Names))
	for i, name := range totals.Names {
		got[name] = totals.Each[i]
	}
	wrong := 0
	for name, want := range p.Truth() {
		if got[name] != want {
			wrong++
			s.t.Logf("customer %s: counted %d, want %d", name, got[name], want)
		}
	}
	if wrong > 0 || len(p.Truth()) == 0 {
		s.t.Errorf("%d of %d customers are wrong", wrong, len(p.Truth()))
	}
}

func (s *siege) dial() net.Conn {
	s.t.Helper()
	conn, err := net.Dial("tcp", s.server.PeersAddr().String())
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(endurance)); err != nil {
		s.t.Fatal(err)
	}
	return conn
}

// intrude returns a connection past the greeting: what no TLS prevents.
func (s *siege) intrude(name string) net.Conn {
	s.t.Helper()
	return s.greet(s.dial(), name)
}

func (s *siege) greet(conn net.Conn, name string) net.Conn {
	s.t.Helper()
	if _, err := conn.Write(peers.Hello{Major: 2, Minor: 1, To: "tracker", From: name, PID: 1}.AppendTo(nil)); err != nil {
		s.t.Fatal(err)
	}
	status := make([]byte, 4)
	if _, err := io.ReadFull(conn, status); err != nil || string(status) != "200\n" {
		s.t.Fatalf("status: %q, %v", status, err)
	}
	return conn
}

// exhaust writes b again and again until the Server has had enough or so many bytes
// are written, each time with patience. What the Server says meanwhile is thrown away.
func exhaust(conn net.Conn, b []byte, limit int) (written int) {
	go io.Copy(io.Discard, conn)
	for written < limit {
		_ = conn.SetDeadline(time.Now().Add(endurance)) // of a closed connection the write tells
		n, err := conn.Write(b)
		written += n
		if err != nil {
			return written
		}
	}
	return written
}

// live is the memory that is in use, in bytes, stacks included.
func live() int64 {
	runtime.GC()
	runtime.GC() // what the first one has only finalized
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc + m.StackInuse)
}

func demandMemory(t *testing.T, what string, before, limit int64) {
	t.Helper()
	grown := live() - before
	for range 2 { // what others allocate beside only adds to it
		grown = min(grown, live()-before)
	}
	t.Logf("%s: %d KiB, limit %d KiB", what, grown>>10, limit>>10)
	if grown > limit {
		t.Errorf("%s: memory grew by %d KiB, limit %d KiB", what, grown>>10, limit>>10)
	}
}

var quotaTable = peers.Definition{ID: 1, Name: "/quota", KeyType: peers.KeyString, KeyLen: 2000,
	Fields: []peers.Field{{Type: peers.GPC0, Elements: 1}}}

// open is how many sessions are.
func (s *siege) open() (n int) {
	for _, src := range s.server.Sources() {
		n += src.Sessions
	}
	return n
}

// updates is how many came from a source.
func (s *siege) updates(source string) uint64 {
	for _, src := range s.server.Sources() {
		if src.Name == source {
			return src.Updates()
		}
	}
	return 0
}
