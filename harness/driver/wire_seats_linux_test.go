//go:build amd64 || arm64

package driver

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/haproof/haproof/harness"
)

// TestUsersShareConnectionsWhereFewMayBeOpen has more users than connections: whoever
// opened a new one for each attempt, as long as there are fewer than users, would close
// those that serve.
func TestUsersShareConnectionsWhereFewMayBeOpen(t *testing.T) {
	for _, share := range []harness.Share{0, 1} {
		o, endpoint := newOrigin(t)
		w := withUsers(harness.Users{Count: 12})
		w.Profile, w.Customers, w.Hosts = "ads", 1, 1
		w.Requests, w.TLS, w.Connect = 300, share, &harness.Connect{Most: 3}
		attempts, _, err := played(t.Context(), t, wireDriver{shards: 1}, w, endpoint)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(map[string]int{"ok": 300}, tally(attempts)); diff != "" {
			t.Error(diff)
		}
		if o.opened != 3 {
			t.Errorf("TLS %v: %d connections, want 3", share, o.opened)
		}
	}
}

// asked has a shard begin an engagement of its own, which sends nothing by itself.
func asked(t *testing.T, w harness.Workload, to harness.Endpoint) (*wireEngine, *shard, *outbox) {
	t.Helper()
	g, s, c := oneShard(t, w, to)
	t.Cleanup(func() { _ = g.close() }) // where the test ended early: servers wait for it
	out := newOutbox()
	e := &engagement{client: c, targets: targetsOf(t, w), pacer: firstN(w.Requests), began: time.Now()}
	s.begin(e, slice{step: 1, most: maxInFlight}, &halt{shards: []*shard{s}}, out.batches)
	return g, s, out
}

// reported returns the attempts that a shard has ended, and closes its engine.
func reported(t *testing.T, g *wireEngine, s *shard, out *outbox) (attempts []harness.Attempt) {
	t.Helper()
	s.out.flush()
	out.close()
	out.drain(func(a harness.Attempt) { attempts = append(attempts, a) })
	if err := g.close(); err != nil {
		t.Error(err)
	}
	g.shards = nil // closed
	return attempts
}

// aConnectionForEach has a shard send one attempt after the other to a server that does
// more than answer. Each is sent when the shard knows that the connection of the one before takes no
// other, and what the server does later, it does when the attempt has ended: no clock
// decides who is first.
func aConnectionForEach(t *testing.T, why string, w harness.Workload, listen func(serve func(c net.Conn, answer func(rested func()))) harness.Endpoint) {
	t.Helper()
	var conns, answered, rests atomic.Int64
	release := make(chan struct{}, w.Requests)
	rested := func() {
		rests.Add(1)
		select {
		case <-release:
		case <-t.Context().Done(): // the test has given up
		}
	}
	endpoint := listen(func(c net.Conn, answer func(rested func())) {
		conns.Add(1)
		for from := bufio.NewReader(c); ; {
			if _, _, err := readRaw(from); err != nil {
				return
			}
			answered.Add(1)
			answer(rested)
		}
	})
	g, s, out := asked(t, w, endpoint)
	kept := int64(0)
	for k := range w.Requests {
		s.start(k, s.now())
		s.turns(t, fmt.Sprintf("%s: attempt %d has ended", why, k), func() bool { s.admit(); return s.busy.count == 0 })
		kept += int64(s.opened)
		release <- struct{}{}
		s.turns(t, fmt.Sprintf("%s: the connection of attempt %d takes no other", why, k), func() bool {
			return s.opened == 0 || s.idle.count > 0 && s.idle.first.spoiled() // which the next attempt closes
		})
	}
	if kept < rests.Load() {
		t.Errorf("%s: %d connections were kept, the server left %d alone at first", why, kept, rests.Load())
	}
	attempts := reported(t, g, s, out)
	got, n := [3]int64{int64(len(attempts)), conns.Load(), answered.Load()}, int64(w.Requests)
	if want := [3]int64{n, n, n}; got != want || slices.ContainsFunc(attempts, func(a harness.Attempt) bool { return a.Status != http.StatusNoContent }) {
		t.Errorf("%s: %d attempts over %d connections, %d answered; want one connection for each, all with status 204: %v", why, got[0], got[1], got[2], tally(attempts))
	}
}

// TestABurstConnectsAFewAtATime has more attempts due at once than connects may be in
// progress. One more may be after each pause, which here are an hour.
func TestABurstConnectsAFewAtATime(t *testing.T) {
	_, endpoint := newOrigin(t)
	w := usual()
	w.TLS, w.Requests, w.Timeout = 0, 20, time.Minute
	g, s, out := asked(t, w, endpoint)
	s.connects, s.connectPause = 4, time.Hour
	for k := range w.Requests {
		s.start(k, s.now())
	}
	v := s.servers[0]
	if got, want := [4]int{s.opened, v.connecting, v.turns[0].count, s.busy.count}, [4]int{4, 4, 16, 20}; got != want {
		t.Errorf("open, connecting, waiting, in flight: %v, want %v", got, want)
	}
	if next := s.nextOpening(); next != v.reopens || next < 59*time.Minute {
		t.Errorf("the next one opens at %v, want %v", next, v.reopens)
	}
	v.reopens = 0
	if !s.admit() || s.opened != 5 || v.turns[0].count != 15 {
		t.Errorf("after a pause: %d open, %d waiting; want 5 and 15", s.opened, v.turns[0].count)
	}
	s.turns(t, "all answered", func() bool { s.admit(); return s.busy.count == 0 })
	if next := s.nextOpening(); v.connecting != 0 || next != forever {
		t.Errorf("%d connecting, the next one at %v", v.connecting, next)
	}
	if diff := cmp.Diff(map[string]int{"ok": 20}, tally(reported(t, g, s, out))); diff != "" {
		t.Error(diff)
	}
	if v.connecting != 0 || s.opened != 0 {
		t.Errorf("%d connecting, %d open after the end", v.connecting, s.opened)
	}
}

// TestAConnectionThatEndsWhileItIsOpenedMakesRoom lets patience end before an event was
// seen.
func TestAConnectionThatEndsWhileItIsOpenedMakesRoom(t *testing.T) {
	_, endpoint := newOrigin(t)
	w := usual()
	w.TLS, w.Requests = 0, 3
	g, s, out := asked(t, w, endpoint)
	s.connects, s.connectPause = 2, time.Hour
	for k := range w.Requests {
		s.start(k, s.now())
	}
	s.fail(s.busy.oldest, os.ErrDeadlineExceeded)
	if v := s.servers[0]; v.connecting != 1 || !s.admit() || v.connecting != 2 || v.turns[0].count != 0 {
		t.Errorf("%d connecting, %d waiting; want 2 and none", v.connecting, v.turns[0].count)
	}
	s.abandon(os.ErrDeadlineExceeded)
	if diff := cmp.Diff(map[string]int{"failed timeout": 3}, tally(reported(t, g, s, out))); diff != "" || s.servers[0].connecting != 0 {
		t.Errorf("%d connecting: %s", s.servers[0].connecting, diff)
	}
}

// TestAWaitingAttemptDoesNotTakeAConnectionOnWhichMoreHasBegun has servers begin a record
// behind each answer, while another attempt waits for the only connection.
func TestAWaitingAttemptDoesNotTakeAConnectionOnWhichMoreHasBegun(t *testing.T) {
	var conns atomic.Int64
	endpoint := secureServer(t, 0, func(c net.Conn, records [][]byte) error {
		all := slices.Concat(records...)
		if len(records) == 1 { // an answer: in one piece with what follows it
			all = append(all, 23, 3, 3, 9, 9, 1)
		}
		_, err := c.Write(all)
		return err
	}, func(c *tls.Conn) { conns.Add(1); answering(c) })
	w := secureUsual()
	w.Connect = &harness.Connect{Most: 1}
	w.Requests = 6
	g, s, out := asked(t, w, endpoint)
	for k := range w.Requests {
		s.start(k, s.now())
	}
	s.turns(t, "all answered", func() bool { s.admit(); return s.busy.count == 0 })
	for _, a := range reported(t, g, s, out) {
		if a.Status != http.StatusNoContent {
			t.Errorf("%+v", a)
		}
	}
	if conns.Load() != 6 {
		t.Errorf("%d connections for 6 attempts", conns.Load())
	}
}

// TestAPeerWhoNeverStopsTalkingHoldsUpNobody has more bytes of an answer come than are
// read in a row: reading pauses, and goes on without another byte.
func TestAPeerWhoNeverStopsTalkingHoldsUpNobody(t *testing.T) {
	const size = 100_000
	for _, share := range []harness.Share{0, 1} {
		served := make(chan struct{})
		serve := func(c net.Conn) {
			if _, _, err := readRaw(bufio.NewReader(c)); err != nil {
				return
			}
			_, _ = fmt.Fprintf(c, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", size, strings.Repeat("x", size))
			close(served)
			_, _ = io.Copy(io.Discard, c)
		}
		var endpoint harness.Endpoint
		if share == 1 {
			endpoint = secureServer(t, 0, nil, func(c *tls.Conn) { serve(c) })
		} else {
			endpoint = hostile(t, serve)
		}
		w := secureUsual()
		w.TLS, w.Requests = share, 1
		g, s, out := asked(t, w, endpoint)
		s.input, s.cipher = s.input[:18<<10], s.cipher[:1<<10]
		if share == 0 {
			s.input = s.input[:1<<10]
		}
		s.start(0, s.now())
		c := s.busy.oldest
		largest, before := uint64(0), uint64(0)
		s.turns(t, "the whole answer", func() bool {
			if s.busy.count == 0 {
				return true
			}
			before, largest = c.parser.bytes, max(largest, c.parser.bytes-before)
			return false
		})
		<-served
		attempts := reported(t, g, s, out)
		if len(attempts) != 1 || attempts[0].Bytes != size || attempts[0].Status != 200 {
			t.Errorf("TLS %v: %+v", share, attempts)
		}
		most := uint64(wireReads << 10)
		if share == 1 {
			most += 16 << 10 // of a record that had begun before
		}
		if largest > most || before < size/2 {
			t.Errorf("TLS %v: %d bytes in a row, %d before the last ones; want at most %d in a row", share, largest, before, most)
		}
	}
}
