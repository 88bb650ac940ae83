package tracker

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/haproof/haproof/harness/harnesstest/handpeer"
	"github.com/haproof/haproof/harness/peers"
)

var quota = peers.Definition{ID: 1, Name: "/quota", KeyType: peers.KeyString, KeyLen: 65,
	Fields: []peers.Field{{Type: peers.GPC0, Elements: 1}}}

// serving returns a Server that runs until the test ends.
func serving(t *testing.T, cfg Config) *Server {
	t.Helper()
	cfg.Name, cfg.Listen = "tracker", "127.0.0.1:0"
	s, err := New(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	run(t, s)
	return s
}

func run(t testing.TB, s *Server) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		select {
		case err := <-done:
			if err != nil {
				t.Errorf("run: %v", err)
			}
		case <-time.After(patience):
			t.Error("server did not stop")
		}
	})
}

func call(t *testing.T, s *Server, name string, pid int) *handpeer.Peer {
	t.Helper()
	return handpeer.Greet(t, dialPeers(t, s), name, pid)
}

func dialPeers(t *testing.T, s *Server) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", s.PeersAddr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

// totals returns the totals by name.
func totals(t testing.TB, s *Server) map[string]uint64 {
	t.Helper()
	got, err := s.Totals(t.Context(), Totals{})
	if err != nil {
		t.Fatal(err)
	}
	return byName(t, got)
}

// byName also checks the sum.
func byName(t testing.TB, got Totals) map[string]uint64 {
	t.Helper()
	named := make(map[string]uint64)
	sum := uint64(0)
	for i, name := range got.Names {
		named[name] = got.Each[i]
		sum += got.Each[i]
	}
	if sum != got.Total || len(named) != len(got.Names) {
		t.Fatalf("total %d, and the sum over %d names is %d", got.Total, len(named), sum)
	}
	return named
}

func TestServerKnowsWhatPeersSaid(t *testing.T) {
	s := serving(t, Config{})
	if err := s.Ready(); err == nil {
		t.Error("ready without peers")
	}
	one, two := call(t, s, "proxy1", 7), call(t, s, "proxy2", 8)
	one.Push(1, quota, "c0001|1", 5, "c0002|1", 7, "nobody", 100)
	one.Push(2, quota, "c0001|1", 2)
	two.Push(1, quota, "c0001|2", 1)
	if diff := cmp.Diff(map[string]uint64{"c0001": 8, "c0002": 7}, totals(t, s)); diff != "" {
		t.Error(diff)
	}
	want := []SourceState{
		{Name: "proxy1", Sessions: 1, PID: 7, Resync: "asked", Effects: Tally{Grown: 2, Restarted: 1, Refused: 1}, Total: 14, Books: 1},
		{Name: "proxy2", Sessions: 1, PID: 8, Resync: "asked", Effects: Tally{Grown: 1}, Total: 1, Books: 1},
	}
	if diff := cmp.Diff(want, s.Sources(), cmpopts.IgnoreFields(SourceState{}, "Heard")); diff != "" {
		t.Error(diff)
	}
}

func TestServerIsReadyWhenEveryPeerHasToldAll(t *testing.T) {
	s := serving(t, Config{})
	one, two := call(t, s, "proxy1", 7), call(t, s, "proxy2", 8)
	one.Write(peers.ResyncFinished.AppendTo(nil))
	one.Push(1, quota, "a|1", 1)
	two.Write(peers.ResyncPartial.AppendTo(nil))
	two.Push(1, quota, "a|1", 1)
	if err := s.Ready(); err == nil || err.Error() != "resync with proxy2: partial" {
		t.Errorf("got %v, want proxy2 to be missing", err)
	}
	two.Write(peers.ResyncFinished.AppendTo(nil))
	two.Push(2, quota, "a|1", 2)
	if err := s.Ready(); err != nil {
		t.Errorf("got %v, want ready", err)
	}
}

func TestServerCountsFirstElementOfGPCArray(t *testing.T) {
	s := serving(t, Config{})
	array := quota
	array.Fields = []peers.Field{{Type: peers.GPC, Elements: 1}}
	call(t, s, "proxy1", 7).Push(1, array, "a|1", 3)
	if got := totals(t, s)["a"]; got != 3 {
		t.Errorf("got %d, want 3", got)
	}
}

func TestServerCountsNothingButItsTable(t *testing.T) {
	said := make(chan Event, 10)
	s := serving(t, Config{Report: func(e Event) { said <- e }})
	p := call(t, s, "proxy1", 7)
	other := quota
	other.Name = "/plan"
	p.Push(1, other, "a|1", 3)
	other.Name = "quota" // declared in a proxy, not in a peers section
	p.Push(2, other, "a|1", 3)
	blind := quota
	blind.Fields = []peers.Field{{Type: peers.GPC1, Elements: 1}}
	p.Push(3, blind, "a|1", 3)
	if got := s.Sources()[0]; len(totals(t, s)) != 0 || got.Updates() != 0 {
		t.Errorf("got %+v, want nothing counted", got)
	}
	<-said // session opened
	if e := <-said; e.Err == nil || e.Source != "proxy1" {
		t.Errorf("got %+v, want a complaint about the table without gpc0", e)
	}
}

func TestServerDialsPeers(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	s, err := New(t.Context(), Config{Name: "tracker", Dial: []Remote{{Name: "proxy1", Addr: ln.Addr().String()}}})
	if err != nil {
		t.Fatal(err)
	}
	run(t, s)
	conn, err := ln.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	session, err := peers.Accept(t.Context(), conn, peers.Config{Name: "proxy1"}, func(h peers.Hello) peers.Status {
		if h.From != "tracker" {
			t.Errorf("called by %+v, want tracker", h)
		}
		return peers.StatusOK
	})
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close()
	p := handpeer.Adopt(t, conn)
	go p.Listen()
	p.Push(1, quota, "a|1", 4)
	if got := totals(t, s)["a"]; got != 4 || s.Sources()[0].Sessions != 1 {
		t.Errorf("got %d from %+v, want 4 from one session", got, s.Sources())
	}
}

func TestServerTurnsAwayWhoIsNotWhatItSays(t *testing.T) {
	a := newAuthority(t)
	cert, key, _ := a.issue("tracker")
	secure, err := MutualTLS(cert, key, a.ca)
	if err != nil {
		t.Fatal(err)
	}
	said := make(chan Event, 10)
	s := serving(t, Config{TLS: secure, Report: func(e Event) { said <- e }})

	connect := func(authority *authority) net.Conn {
		cert, key, _ := authority.issue("proxy1")
		cfg, err := MutualTLS(cert, key, a.ca)
		if err != nil {
			t.Fatal(err)
		}
		cfg.ServerName = "tracker"
		conn, err := net.Dial("tcp", s.PeersAddr().String())
		if err != nil {
			t.Fatal(err)
		}
		return tls.Client(conn, cfg)
	}
	liar := connect(a)
	liar.Write(peers.Hello{Major: 2, Minor: 1, To: "tracker", From: "proxy2"}.AppendTo(nil))
	if b, _ := io.ReadAll(liar); len(b) != 0 {
		t.Errorf("proxy1 calling itself proxy2: answered %q, want nothing", b)
	}
	if e := <-said; !errors.Is(e.Err, peers.StatusUnknownPeer) {
		t.Errorf("reported %v, want %v", e.Err, peers.StatusUnknownPeer)
	}
	stranger := connect(newAuthority(t))
	stranger.Write(peers.Hello{Major: 2, Minor: 1, To: "tracker", From: "proxy1"}.AppendTo(nil))
	if b, err := io.ReadAll(stranger); len(b) != 0 || err == nil {
		t.Errorf("signed by another authority: answered %q, %v, want a TLS alert", b, err)
	}
	handpeer.Greet(t, connect(a), "proxy1", 1).Push(1, quota, "a|1", 1)
	if got := fmt.Sprint(totals(t, s), len(s.Sources())); got != "map[a:1] 1" {
		t.Errorf("got %s, want proxy1 counted and nobody else known", got)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if n := s.sources["proxy1"].newest.counted.Number; n != 1 {
		t.Errorf("its session has number %d, want 1: those turned away use up none", n)
	}
}

func TestServerNamesABusyAddress(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	_, err = New(t.Context(), Config{Name: "tracker", Listen: ln.Addr().String()})
	if !errors.Is(err, syscall.EADDRINUSE) || !strings.Contains(err.Error(), ln.Addr().String()) {
		t.Errorf("got %v, want the address in it", err)
	}
}
