//go:build amd64 || arm64

package driver

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/haproof/haproof/harness"
	"github.com/haproof/haproof/harness/harnesstest/realtest"
)

// chopped is a server's side of a connection that a test may write to in pieces.
type chopped struct {
	net.Conn
	write func(c net.Conn, records [][]byte) error
}

func (c *chopped) Write(b []byte) (int, error) { return len(b), c.write(c.Conn, recordsOf(b)) }

// recordsOf splits what TLS writes.
func recordsOf(b []byte) (records [][]byte) {
	for len(b) > 0 {
		n := recordHeader + int(b[3])<<8 + int(b[4])
		records = append(records, b[:n])
		b = b[n:]
	}
	return records
}

// secureServer shakes hands and gives connections to serve, until the test ends.
func secureServer(t *testing.T, version uint16, write func(c net.Conn, records [][]byte) error, serve func(c *tls.Conn)) harness.Endpoint {
	t.Helper()
	pair, root := certificate(t)
	config := &tls.Config{Certificates: []tls.Certificate{pair}, MaxVersion: version}
	address := listening(t, func(c net.Conn) {
		if write != nil {
			c = &chopped{Conn: c, write: write}
		}
		if s := tls.Server(c, config); s.Handshake() == nil {
			serve(s)
		}
	})
	return harness.Endpoint{Node: "secure", HTTPS: address, RootPEM: root}
}

const noContent = "HTTP/1.1 204 No Content\r\n\r\n"

// answering answers each attempt on a connection.
func answering(c *tls.Conn) {
	for from := bufio.NewReader(c); ; {
		if _, _, err := readRaw(from); err != nil {
			return
		}
		if _, err := io.WriteString(c, noContent); err != nil {
			return
		}
	}
}

// oneShard returns the only shard of an engine, before any attack.
func oneShard(t *testing.T, w harness.Workload, to harness.Endpoint) (*wireEngine, *shard, *client) {
	t.Helper()
	c, err := newClient(w, []harness.Endpoint{to})
	if err != nil {
		t.Fatal(err)
	}
	g := &wireEngine{driver: wireDriver{shards: 1}}
	if err := g.open(c); err != nil {
		t.Fatal(err)
	}
	return g, g.shards[0], c
}

// turns has a shard look at its sockets until done says so.
func (s *shard) turns(t *testing.T, what string, done func() bool) {
	t.Helper()
	realtest.Until(t, what, func() bool {
		events, err := s.poller.wait(0)
		if err != nil {
			t.Fatal(err)
		}
		s.serveAll(events)
		s.shaken()
		return done()
	})
}

func secureUsual() harness.Workload {
	w := usual()
	w.Profile, w.TLS, w.Hosts, w.Customers, w.Rate, w.Requests = "ads", 1, 1, 1, 200, 20
	return w
}

func TestATicketInTwoPartsLeavesAnIdleConnectionAlone(t *testing.T) {
	halves := make(chan struct{})
	endpoint := secureServer(t, 0, func(c net.Conn, records [][]byte) error {
		if len(records) < 7 { // not the server's first flight, whose last record is the ticket
			_, err := c.Write(slices.Concat(records...))
			return err
		}
		ticket := records[len(records)-1]
		if _, err := c.Write(slices.Concat(records[:len(records)-1]...)); err != nil {
			return err
		}
		<-halves
		_, err := c.Write(ticket[:len(ticket)/2])
		<-halves
		if err == nil {
			_, err = c.Write(ticket[len(ticket)/2:])
		}
		return err
	}, answering)
	g, s, c := oneShard(t, secureUsual(), endpoint)
	defer func() { _ = g.close() }()
	target := targetsOf(t, secureUsual()).At(0)
	h := s.servers[0].host(&target)
	s.openSome([]*wireHost{h})
	s.turns(t, "an idle connection", func() bool { return h.idle.count == 1 })
	stream := &h.idle.first.secure.stream
	halves <- struct{}{}
	s.turns(t, "half a ticket", stream.within)
	halves <- struct{}{}
	s.turns(t, "the whole ticket", func() bool { return !stream.within() })
	if _, ok := c.servers[0].config.ClientSessionCache.Get(hostName(target.Host)); !ok || h.idle.count != 1 || s.opened != 1 {
		t.Errorf("session kept: %v, %d idle connections, %d open", ok, h.idle.count, s.opened)
	}
}

func TestAnIdleConnectionOverTLSEndsWithWhateverIsUnasked(t *testing.T) {
	for why, say := range map[string]func(c *tls.Conn){
		"an answer":           func(c *tls.Conn) { _, _ = io.WriteString(c, noContent) },
		"close_notify":        func(c *tls.Conn) { _ = c.CloseWrite() },
		"the end":             func(c *tls.Conn) { _ = c.NetConn().Close() },
		"something not TLS":   func(c *tls.Conn) { _, _ = io.WriteString(c.NetConn(), "HTTP/1.1 400 Bad Request\r\n\r\n") },
		"the end of a record": func(c *tls.Conn) { _, _ = c.NetConn().Write([]byte{23, 3, 3, 0}); _ = c.NetConn().Close() },
	} {
		speak := make(chan struct{})
		endpoint := secureServer(t, 0, nil, func(c *tls.Conn) {
			<-speak
			say(c)
			_, _ = io.Copy(io.Discard, c.NetConn())
		})
		g, s, _ := oneShard(t, secureUsual(), endpoint)
		target := targetsOf(t, secureUsual()).At(0)
		h := s.servers[0].host(&target)
		s.openSome([]*wireHost{h})
		s.turns(t, "an idle connection", func() bool { return h.idle.count == 1 })
		close(speak)
		s.turns(t, why+": no connection", func() bool { return s.opened == 0 && h.idle.count == 0 && s.idle.count == 0 })
		if err := g.close(); err != nil {
			t.Error(err)
		}
	}
}

// TestRecordsMayComeInAnyPieces cuts everything that the server writes.
func TestRecordsMayComeInAnyPieces(t *testing.T) {
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		for _, size := range []int{1, 4, 7, 1000} {
			endpoint := secureServer(t, version, func(c net.Conn, records [][]byte) error {
				all := slices.Concat(records...)
				for piece := range slices.Chunk(all, max(size, len(all)/40)) {
					if _, err := c.Write(piece); err != nil {
						return err
					}
					<-time.After(50 * time.Microsecond)
				}
				return nil
			}, func(c *tls.Conn) {
				for from := bufio.NewReader(c); ; {
					if _, _, err := readRaw(from); err != nil {
						return
					}
					_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 40000\r\n\r\n")
					_, _ = c.Write(make([]byte, 40000))
				}
			})
			attempts, _, err := played(t.Context(), t, wireDriver{}, secureUsual(), endpoint)
			if err != nil {
				t.Fatal(err)
			}
			for _, a := range attempts {
				if a.Status != 200 || a.Bytes != 40000 || a.Outcome != harness.OK {
					t.Fatalf("pieces of %d: %+v", size, a)
				}
			}
			if len(attempts) != 20 {
				t.Errorf("pieces of %d: %d attempts", size, len(attempts))
			}
		}
	}
}

func TestAServerThatEndsWithinARecordLeavesItsAttemptOpen(t *testing.T) {
	var count atomic.Int64
	endpoint := secureServer(t, 0, func(c net.Conn, records [][]byte) error {
		all := slices.Concat(records...)
		if len(records) == 1 && count.Add(1)%2 == 0 { // every second answer
			_, _ = c.Write(all[:len(all)/2])
			return c.Close()
		}
		_, err := c.Write(all)
		return err
	}, answering)
	w := secureUsual()
	w.Users, w.Rate = &harness.Users{Count: 1}, 0
	attempts, _, err := played(t.Context(), t, wireDriver{}, w, endpoint)
	if err != nil {
		t.Fatal(err)
	}
	counts := map[string]int{}
	for _, a := range attempts {
		counts[fmt.Sprintf("%d %d %s", a.Outcome, a.Status, a.Cause)]++
	}
	reset := fmt.Sprintf("%d 0 %s", harness.Indeterminate, harness.CauseReset)
	if counts[reset] != 10 || len(attempts) != 20 {
		t.Errorf("got %v, want 10 resets of 20", counts)
	}
}

// TestUnaskedAnswersOverTLSAreNoAnswer is TestUnaskedBytesAreNoAnswer over TLS. What is
// unasked comes right behind the answer, or when its connection rests.
func TestUnaskedAnswersOverTLSAreNoAnswer(t *testing.T) {
	for why, second := range map[string]func(c *tls.Conn){
		"in the next record": func(c *tls.Conn) { _, _ = io.WriteString(c, noContent) },
		"close_notify":       func(c *tls.Conn) { _ = c.CloseWrite() },
		"an end":             func(c *tls.Conn) { _ = c.NetConn().Close() },
		"half a record":      func(c *tls.Conn) { _, _ = c.NetConn().Write([]byte{23, 3, 3, 9, 9, 1}) },
	} {
		unaskedOverTLS(t, why+" at once", func(c *tls.Conn, _ func()) { _, _ = io.WriteString(c, noContent); second(c) })
		unaskedOverTLS(t, why+" later", func(c *tls.Conn, rested func()) { _, _ = io.WriteString(c, noContent); rested(); second(c) })
	}
	unaskedOverTLS(t, "in the same record", func(c *tls.Conn, _ func()) { _, _ = io.WriteString(c, noContent+noContent) })
}

func unaskedOverTLS(t *testing.T, why string, answer func(c *tls.Conn, rested func())) {
	t.Helper()
	w := secureUsual()
	w.Requests = 4
	aConnectionForEach(t, why, w, func(serve func(c net.Conn, answer func(rested func()))) harness.Endpoint {
		return secureServer(t, 0, nil, func(c *tls.Conn) { serve(c, func(rested func()) { answer(c, rested) }) })
	})
}

// TestIdleConnectionsAreUsedInTheOrderAskedFor opens three and then sends one
// attempt after the other.
func TestIdleConnectionsAreUsedInTheOrderAskedFor(t *testing.T) {
	for _, share := range []harness.Share{0, 1} {
		for reuse, want := range map[string][]int{harness.ReuseRecent: {0, 0, 0, 0, 0, 0, 0}, harness.ReuseOldest: {0, 1, 2, 0, 1, 2, 0}} {
			o, endpoint := newOrigin(t)
			v := watching(o)
			w := secureUsual()
			w.TLS, w.Connect = share, &harness.Connect{Reuse: reuse}
			g, s, c := oneShard(t, w, endpoint)
			targets := targetsOf(t, w)
			target := targets.At(0)
			h := s.servers[0].host(&target)
			if err := s.warm(t.Context(), []*wireHost{h, h, h}); err != nil || h.idle.count != 3 {
				t.Fatalf("%d connections, error %v", h.idle.count, err)
			}
			e := &engagement{client: c, targets: targets, pacer: firstN(7), began: time.Now(), inFlight: 1, report: func(harness.Attempt) {}}
			if err := g.attack(t.Context(), e); err != nil {
				t.Fatal(err)
			}
			if err := g.close(); err != nil {
				t.Error(err)
			}
			places := map[int64]int{}
			var got []int
			for _, from := range v.order {
				if _, ok := places[from]; !ok {
					places[from] = len(places)
				}
				got = append(got, places[from])
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("TLS %v, %s: %s", share, reuse, diff)
			}
		}
	}
}

// TestAnAttemptThatWaitsForItsTurnTakesWhatBecomesIdle lets one handshake through
// and holds up the others until its connection has served all attempts but theirs.
func TestAnAttemptThatWaitsForItsTurnTakesWhatBecomesIdle(t *testing.T) {
	const all = 100
	var conns, answered atomic.Int64
	var once sync.Once
	release := make(chan struct{})
	look := func() {
		if answered.Load()+conns.Load()-1 == all {
			once.Do(func() { close(release) })
		}
	}
	pair, root := certificate(t)
	config := &tls.Config{Certificates: []tls.Certificate{pair}}
	address := listening(t, func(c net.Conn) {
		if conns.Add(1) > 1 {
			look()
			<-release
		}
		s := tls.Server(c, config)
		for from := bufio.NewReader(s); ; {
			if _, _, err := readRaw(from); err != nil {
				return
			}
			answered.Add(1)
			look()
			_, _ = io.WriteString(s, noContent)
		}
	})
	w := secureUsual()
	w.Rate, w.Requests, w.Timeout = 2000, all, time.Minute
	attempts, _, err := played(t.Context(), t, wireDriver{shards: 1}, w, harness.Endpoint{Node: "slow", HTTPS: address, RootPEM: root})
	if err != nil {
		t.Fatal(err)
	}
	if slices.ContainsFunc(attempts, func(a harness.Attempt) bool { return a.Status != http.StatusNoContent }) {
		t.Error(tally(attempts))
	}
	if n := conns.Load(); len(attempts) != all || n > 1+handshakesAtOnce {
		t.Errorf("%d attempts over %d connections, want %d over at most %d", len(attempts), n, all, 1+handshakesAtOnce)
	}
}

// TestAttemptsOverTLSAllocateNextToNothing counts the server's part too, which
// is in the same process: on either side crypto/tls allocates once per record that
// it reads.
func TestAttemptsOverTLSAllocateNextToNothing(t *testing.T) {
	answer := []byte(noContent)
	endpoint := secureServer(t, 0, nil, func(c *tls.Conn) {
		input := make([]byte, 16<<10)
		for {
			if _, err := c.Read(input); err != nil { // attempts are small: one record each
				return
			}
			if _, err := c.Write(answer); err != nil {
				return
			}
		}
	})
	w := secureUsual()
	const few, many = 2_000, 12_000
	short, long := mallocsAt(t, w, endpoint, few), mallocsAt(t, w, endpoint, many)
	if each := (float64(long) - float64(short)) / (many - few); each > secureAllocations {
		t.Errorf("%.3f allocations per attempt: %d for %d, %d for %d", each, short, few, long, many)
	}
}

func TestAShardWithoutDescriptorsSaysSo(t *testing.T) {
	_, endpoint := newOrigin(t)
	g, s, _ := oneShard(t, usual(), endpoint)
	defer func() { _ = g.close() }()
	s.work = &engagement{began: time.Now()}
	var was syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &was); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{Cur: 0, Max: was.Max}); err != nil {
		realtest.Missing(t, fmt.Errorf("the descriptor limit cannot be lowered: %w", err))
	}
	_, err := s.connection(&s.servers[0].clear)
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &was); err != nil {
		t.Fatal(err)
	}
	if got := causeOf(err, connecting); got != harness.CauseDescriptors || s.opened != 0 {
		t.Errorf("got %q of %v, %d connections open", got, err, s.opened)
	}
}
