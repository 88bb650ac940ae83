package tracker_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/haproof/haproof/harness/harnesstest/simproxy"
	"github.com/haproof/haproof/harness/peers"
	"github.com/haproof/haproof/harness/tracker"
)

func TestStrangersAreTurnedAwayWithTheReason(t *testing.T) {
	s := besiege(t, tracker.Config{}, nil)
	for _, c := range []struct {
		hello string
		want  error
	}{
		{"GET / HTTP/1.1\r\nHost: tracker\r\n\r\n", peers.StatusProtocol},
		{"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + strings.Repeat("\n", 10), peers.StatusProtocol}, // TLS to a plain port
		{"HAProxyS 2.1\ntracker\nhap1\n", peers.StatusProtocol},                                           // no process
		{"HAProxyS 3.0\ntracker\nhap1 1 1\n", peers.StatusVersion},
		{"HAProxyS 2.9\ntracker\nhap1 1 1\n", peers.StatusVersion},
		{"HAProxyS 2.1\nsomebody\nhap1 1 1\n", peers.StatusWrongPeer},
		{"HAProxyS 2.1\ntracker\nh\u00e4p 1 1\n", peers.StatusUnknownPeer},
		{"HAProxyS 2.1\ntracker\n 1 1\n", peers.StatusUnknownPeer},
		{"HAProxyS 2.1\ntracker\n" + strings.Repeat("h", 65) + " 1 1\n", peers.StatusUnknownPeer},
		{strings.Repeat("HAProxyS 2.1", 200), peers.StatusProtocol}, // longer than a greeting
	} {
		conn := s.dial()
		if _, err := conn.Write([]byte(c.hello)); err != nil {
			t.Fatal(err)
		}
		if b, _ := io.ReadAll(conn); len(b) != 0 {
			t.Errorf("%q: answered %q, want nothing", c.hello, b)
		}
		s.await(c.hello, failed("", c.want))
		s.mu.Lock()
		s.events = s.events[:1] // the good proxy's
		s.mu.Unlock()
	}
	if got := s.server.Sources(); len(got) != 1 {
		t.Errorf("got sources %+v, want hap1 alone", got)
	}
	s.demandUnharmed()
}

// soon is what those are given who are to be cut off. It holds for the good proxy as well.
const soon = 2 * time.Second

// The greeting has its time as a whole: a byte now and then does not prolong it.
func TestGreetingsThatDoNotEndAreCut(t *testing.T) {
	s := besiege(t, tracker.Config{Peers: peers.Config{Handshake: soon}}, nil)
	before := live()
	var strangers sync.WaitGroup
	for i := range 100 {
		conn := s.dial()
		if i%2 == 0 {
			continue // says nothing
		}
		strangers.Go(func() {
			drip := time.NewTicker(10 * time.Millisecond)
			defer drip.Stop()
			for {
				<-drip.C
				if _, err := conn.Write([]byte("H")); err != nil {
					return
				}
			}
		})
	}
	demandMemory(t, "100 greetings under way", before, 100*64<<10)
	strangers.Wait()
	s.await("end of a greeting", failed("", os.ErrDeadlineExceeded))
	s.demandUnharmed()
}

func TestSessionsThatBreakTheProtocolEndAlone(t *testing.T) {
	s := besiege(t, tracker.Config{}, nil)
	for name, c := range map[string]struct {
		said []byte
		want error
	}{
		"giant":     {[]byte{10, 0x80, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f}, peers.ErrSize},
		"large":     {[]byte{10, 0x80, 0xf0, 0x81, 0xf9, 0x06}, peers.ErrSize},
		"reserved":  {[]byte{255, 0}, peers.ErrProtocol},
		"cut":       {[]byte{10, 0x82, 5, 1}, io.ErrUnexpectedEOF},
		"malformed": {[]byte{10, 0x82, 2, 1, 200}, peers.ErrProtocol},
		"early":     {append(quotaTable.AppendTo(nil), 10, 0x80, 3, 0, 0, 0), peers.ErrProtocol},
	} {
		conn := s.intrude(name)
		if _, err := conn.Write(c.said); err != nil {
			t.Fatal(err)
		}
		if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
			t.Fatal(err)
		}
		e := s.await(name, func(e tracker.Event) bool { return e.Source == name && e.Text == "session ended" })
		if !errors.Is(e.Err, c.want) {
			t.Errorf("%s: reported %v, want %v", name, e.Err, c.want)
		}
	}
	s.demandUnharmed()
}

func TestGarbageForLongTakesNoMemory(t *testing.T) {
	s := besiege(t, tracker.Config{}, nil)
	before := live()
	random := rand.New(rand.NewPCG(1, 0))
	noise := make([]byte, 1<<16)
	for range 300 {
		for i := range noise {
			noise[i] = byte(random.Uint32())
		}
		exhaust(s.intrude("noise"), noise, len(noise))
	}
	// Of a class or type that does not exist, which is skipped.
	unknown := bytes.Repeat(append([]byte{77, 0x99, 200}, make([]byte, 200)...), 300)
	if n := exhaust(s.intrude("unknown"), unknown, 256<<20); n < 256<<20 {
		t.Errorf("session with unknown messages ended after %d bytes", n)
	}
	demandMemory(t, "after garbage", before, 4<<20)
	s.demandUnharmed()
}

// A message that comes a byte at a time keeps its session, and costs nobody anything.
func TestSlowSessionsTakeBoundedMemory(t *testing.T) {
	s := besiege(t, tracker.Config{}, nil)
	before := live()
	const sessions = 50
	for i := range sessions {
		conn := s.intrude("slow" + string(rune('a'+i%26)))
		if _, err := conn.Write([]byte{10, 0x80, 0xf0, 0xf0, 0x05}); err != nil { // and never the rest
			t.Fatal(err)
		}
	}
	demandMemory(t, "50 slow sessions", before, sessions*perSession)
	s.demandUnharmed()
}

// perSession bounds the memory of a session that sends no more than a few tables.
const perSession = 128 << 10

func TestDefinitionsWithoutEndEndTheSession(t *testing.T) {
	s := besiege(t, tracker.Config{}, nil)
	before := live()
	same := bytes.Repeat(quotaTable.AppendTo(nil), 1000)
	if n := exhaust(s.intrude("same"), same, 32<<20); n < 32<<20 {
		t.Errorf("session that defines the same table again ended after %d bytes", n)
	}
	var many []byte
	for id := range uint64(2000) {
		def := quotaTable
		def.ID, def.Name = id, strings.Repeat("n", 1000)+string(rune(id+1000))
		many = def.AppendTo(many)
	}
	exhaust(s.intrude("many"), many, len(many))
	s.await("limit of tables", failed("many", peers.ErrSize))
	demandMemory(t, "after definitions", before, 8<<20)
	s.demandUnharmed()
}

// A peer that turns to a table again and again fills no log with it.
func TestTableThatIsNotCountedIsReportedOnce(t *testing.T) {
	s := besiege(t, tracker.Config{}, nil)
	blind, other := quotaTable, quotaTable
	blind.Fields = []peers.Field{{Type: peers.GPC1, Elements: 1}}
	other.ID, other.Name = 2, "/other"
	var round []byte
	for _, def := range []peers.Definition{blind, other} {
		u := peers.Update{Table: &def, ID: 1, Key: []byte("k"), Values: []uint64{1}}
		round = u.AppendTo(def.AppendTo(round))
	}
	conn := s.intrude("turncoat")
	exhaust(conn, bytes.Repeat(round, 1000), 4<<20)
	conn.Close()
	s.await("end of the session", func(e tracker.Event) bool { return e.Source == "turncoat" && e.Text == "session ended" })
	if n := s.count(func(e tracker.Event) bool { return e.Text == "table is not counted" }); n != 1 {
		t.Errorf("reported %d times, want once", n)
	}
	s.demandUnharmed()
}

// lecturer has more to say to one peer than the buffers of a connection hold.
type lecturer struct{ to string }

func (lecturer) Teach(context.Context, *peers.Session) {}

func (l lecturer) Lesson(s *peers.Session) error {
	if s.Peer().From != l.to {
		return nil
	}
	plan := quotaTable
	plan.Name = "/plan"
	entries := make([]peers.Entry, 300_000)
	for i := range entries {
		entries[i] = peers.Entry{Key: fmt.Appendf(nil, "%050d", i), Values: []uint64{1}}
	}
	return s.Teach(&plan, entries...)
}

func TestPeerThatNeverReadsIsDropped(t *testing.T) {
	s := besiege(t, tracker.Config{Teach: lecturer{to: "deaf"}, Peers: peers.Config{Write: soon}}, nil)
	before := live()
	conn := s.intrude("deaf")
	if _, err := conn.Write([]byte{0, 0}); err != nil {
		t.Fatal(err)
	}
	e := s.await("end of the session", func(e tracker.Event) bool { return e.Source == "deaf" && e.Text == "session ended" })
	if !errors.Is(e.Err, os.ErrDeadlineExceeded) {
		t.Errorf("reported %v, want that it took too long", e.Err)
	}
	demandMemory(t, "after a peer that never reads", before, 4<<20)
	s.demandUnharmed()
}

func TestResyncRequestsWithoutEndAreAnswered(t *testing.T) {
	s := besiege(t, tracker.Config{}, nil)
	before := live()
	requests := bytes.Repeat([]byte{0, 0}, 1<<15)
	if n := exhaust(s.intrude("curious"), requests, 16<<20); n < 16<<20 {
		t.Errorf("session ended after %d bytes", n)
	}
	demandMemory(t, "after 8 million requests", before, 4<<20)
	s.demandUnharmed()
}

// descriptors is how many files this process may have open.
func descriptors(t *testing.T) int {
	t.Helper()
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	return int(min(limit.Cur, 1<<20))
}

// Thousands who say nothing do not keep those out who do.
func TestCrowdOfStrangersKeepsNobodyOut(t *testing.T) {
	s := besiege(t, tracker.Config{}, nil)
	strangers := min(5000, descriptors(t)/2-500) // both ends of each are here
	before := live()
	crowd := make([]net.Conn, 0, strangers)
	turnedAway := func() int {
		return s.count(func(e tracker.Event) bool { return e.Source == "" && e.Text == "peer turned away" && e.Err != nil })
	}
	for n := range strangers {
		crowd = append(crowd, s.dial())
		if n%500 == 499 { // else some would be closed unheard
			s.poll("those who wait longest give way", func() bool { return turnedAway() > n-300 })
		}
	}
	demandMemory(t, fmt.Sprintf("crowd of %d", strangers), before, 32<<20)
	late := s.proxy("hap2", nil)
	late.Inc("latecomer", 3)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go late.Run(ctx)
	if err := late.Idle(s.patient()); err != nil {
		t.Fatal(err)
	}
	for _, conn := range crowd {
		conn.Close()
	}
	s.poll("a reason for each", func() bool { return turnedAway() == strangers })
	s.demandExact(late)
	s.demandUnharmed()
}

// Peers that nobody knows use up neither the sessions nor the names of others.
func TestPeersThatCountNothingMakeRoomForOthers(t *testing.T) {
	s := besiege(t, tracker.Config{}, nil)
	const names = 300
	for i := range names {
		conn := s.intrude("stranger" + simproxy.Customer(i))
		conn.Close()
		s.poll("end of the session", func() bool { return s.open() == 1 })
	}
	for range 100 { // of one name; none of them ends by itself
		conn := s.dial()
		if _, err := conn.Write(peers.Hello{Major: 2, Minor: 1, To: "tracker", From: "greedy", PID: 1}.AppendTo(nil)); err != nil {
			t.Fatal(err)
		}
	}
	s.await("limit of sessions", func(e tracker.Event) bool { return e.Source == "greedy" && e.Text == "peer turned away" })
	late := s.proxy("hap2", nil)
	late.Inc("latecomer", 3)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go late.Run(ctx)
	if err := late.Idle(s.patient()); err != nil {
		t.Fatal(err)
	}
	s.demandExact(late)
	s.demandUnharmed()
}

// explosive panics on one key.
type explosive struct{ tracker.Counter }

func (e explosive) Count(o tracker.Observation) tracker.Effect {
	if string(o.Key) == "bomb|1" {
		panic("boom")
	}
	return e.Counter.Count(o)
}

func TestPanicInOneSessionIsReportedAndHarmsNoOther(t *testing.T) {
	cfg := tracker.Config{Counter: func(c *tracker.Counts) tracker.Counter { return explosive{c} }}
	s := besiege(t, cfg, nil)
	conn := s.intrude("bomber")
	u := peers.Update{Table: &quotaTable, ID: 1, Key: []byte("bomb|1"), Values: []uint64{1}}
	if _, err := conn.Write(u.AppendTo(quotaTable.AppendTo(nil))); err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, conn); errors.Is(err, os.ErrDeadlineExceeded) {
		t.Error("connection was not closed")
	}
	e := s.await("report", func(e tracker.Event) bool { return e.Source == "bomber" && e.Err != nil })
	if !strings.Contains(e.Err.Error(), "boom") || !strings.Contains(e.Err.Error(), "hostile_test.go") {
		t.Errorf("reported %v, want the panic and where it was", e.Err)
	}
	if n := s.open(); n != 1 {
		t.Errorf("%d sessions are open, want 1", n)
	}
	s.demandUnharmed()
}

// What is counted costs its keys, what is refused costs nothing.
func TestKeysWithoutEndTakeBoundedMemory(t *testing.T) {
	const keys = 100_000
	for name, c := range map[string]struct {
		key   func(b []byte, i int) []byte
		limit int64 // bytes
	}{
		"customers":   {func(b []byte, i int) []byte { return fmt.Appendf(b, "flood%d|1", i) }, keys * 150},
		"generations": {func(b []byte, i int) []byte { return fmt.Appendf(b, "flood|%d", i) }, keys * 500}, // most are too many
		"malformed":   {func(b []byte, i int) []byte { return fmt.Appendf(b, "flood%d", i) }, 1 << 20},
		"long":        {func(b []byte, i int) []byte { return fmt.Appendf(b, "%01500d|1", i) }, 1 << 20},
	} {
		s := besiege(t, tracker.Config{}, nil)
		before := live()
		conn := s.intrude("flooder")
		go io.Copy(io.Discard, conn)
		b := quotaTable.AppendTo(nil)
		var text []byte
		for i := range keys {
			text = c.key(text[:0], i)
			u := peers.Update{Table: &quotaTable, ID: uint32(i), Key: text, Values: []uint64{1}}
			if b = u.AppendTo(b); len(b) < 1<<16 && i < keys-1 {
				continue
			}
			if _, err := conn.Write(b); err != nil {
				t.Fatalf("%s: after %d keys: %v", name, i, err)
			}
			b = b[:0]
		}
		s.poll(name+": all keys counted or refused", func() bool { return s.updates("flooder") == keys })
		demandMemory(t, fmt.Sprintf("%d %s", keys, name), before, c.limit)
		s.demandUnharmed()
	}
}

func TestSourceThatInventsGenerationsLeavesRoomForOthers(t *testing.T) {
	s := besiege(t, tracker.Config{}, nil)
	conn := s.intrude("flooder")
	go io.Copy(io.Discard, conn)
	const generations = 20_000 // more than one source may have
	b := quotaTable.AppendTo(nil)
	for i := range generations {
		u := peers.Update{Table: &quotaTable, ID: uint32(i), Key: fmt.Appendf(nil, "flood|%d", i+10), Values: []uint64{1}}
		b = u.AppendTo(b)
	}
	if _, err := conn.Write(b); err != nil {
		t.Fatal(err)
	}
	var flooder tracker.SourceState
	s.poll("flood", func() bool {
		for _, src := range s.server.Sources() {
			if src.Name == "flooder" {
				flooder = src
			}
		}
		return flooder.Updates() == generations
	})
	if got := flooder.Effects[tracker.Grown]; got != 8192 {
		t.Errorf("%d generations of one source counted, want 8192", got)
	}
	s.demandUnharmed()
}
