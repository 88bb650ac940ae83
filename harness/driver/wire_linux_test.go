//go:build amd64 || arm64

package driver

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/haproof/haproof/harness"
)

// The conformance suite plays with several shards too, whatever this machine has.
func init() { register("wire, 3 shards", func() harness.Driver { return wireDriver{shards: 3} }) }

// TestUsersSayTheSameForAnyNumberOfShards compares the bytes of each attempt of users who keep cookies,
// which an answer's are as its attempt's number says.
func TestUsersSayTheSameForAnyNumberOfShards(t *testing.T) {
	for _, u := range []harness.Users{{Requests: 4, Cookies: true}, {Count: 6, Requests: 4, Cookies: true}, {Count: 6}} {
		w := withUsers(u)
		w.TLS, w.Rate, w.Requests = 0, 2000, 240
		var want map[uint64]string
		for _, shards := range []int{1, 2, 3, 7} {
			var mu sync.Mutex
			got := map[uint64]string{}
			endpoint := hostile(t, func(c net.Conn) {
				for from := bufio.NewReader(c); ; {
					seq, text, err := readRaw(from)
					if err != nil {
						return
					}
					mu.Lock()
					got[seq] += text
					mu.Unlock()
					say(fmt.Sprintf("HTTP/1.1 204 No Content\r\nSet-Cookie: c%d=%d\r\n\r\n", seq%3, seq))(c)
				}
			})
			if _, _, err := played(t.Context(), t, wireDriver{shards: shards}, w, endpoint); err != nil {
				t.Fatal(err)
			}
			if want == nil {
				want = got
			}
			if diff := cmp.Diff(want, got); diff != "" || len(got) != 240 || u.Cookies != strings.Contains(got[239], "\r\nCookie: c") {
				t.Errorf("%+v, %d shards, %d attempts, the last one %q: %s", u, shards, len(got), got[239], diff)
			}
		}
	}
}

// readRaw reads one attempt as it is on the wire.
func readRaw(from *bufio.Reader) (seq uint64, text string, err error) {
	length := 0
	for !strings.HasSuffix(text, "\r\n\r\n") {
		line, err := from.ReadString('\n')
		if err != nil {
			return 0, text, err
		}
		text += line
		if v, ok := strings.CutPrefix(line, harness.SeqHeader+": "); ok {
			seq, _ = strconv.ParseUint(strings.TrimSpace(v), 10, 64)
		}
		if v, ok := strings.CutPrefix(line, "Content-Length: "); ok {
			length, _ = strconv.Atoi(strings.TrimSpace(v))
		}
	}
	body := make([]byte, length)
	_, err = io.ReadFull(from, body)
	return seq, text + string(body), err
}

// TestAttemptsInClearAllocateNothing compares a short and a long closed loop, so
// that what is allocated once does not count.
func TestAttemptsInClearAllocateNothing(t *testing.T) {
	address := trivialServer(t)
	w := usual()
	w.Profile, w.TLS = "ads", 0
	const few, many = 2_000, 22_000
	short, long := mallocsOf(t, w, address, few), mallocsOf(t, w, address, many)
	if each := (float64(long) - float64(short)) / (many - few); each > 0.02 {
		t.Errorf("%.3f allocations per attempt: %d for %d, %d for %d", each, short, few, long, many)
	}
}

// mallocsOf returns how often the process allocates while n attempts are made in
// a closed loop, the server's part included.
func mallocsOf(t *testing.T, w harness.Workload, address string, n firstN) uint64 {
	t.Helper()
	return mallocsAt(t, w, harness.Endpoint{Node: "trivial", HTTP: address}, n)
}

// mallocsAt is mallocsOf for any endpoint.
func mallocsAt(t *testing.T, w harness.Workload, to harness.Endpoint, n firstN) uint64 {
	t.Helper()
	c, err := newClient(w, []harness.Endpoint{to})
	if err != nil {
		t.Fatal(err)
	}
	g := &wireEngine{driver: wireDriver{shards: 1}}
	defer func() { _ = g.close() }()
	var reported int
	e := &engagement{client: c, targets: targetsOf(t, w), pacer: n, began: time.Now(), inFlight: 16,
		report: func(harness.Attempt) { reported++ }}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if err := g.attack(t.Context(), e); err != nil || reported != int(n) {
		t.Fatalf("%d attempts of %d, error %v", reported, n, err)
	}
	runtime.ReadMemStats(&after)
	return after.Mallocs - before.Mallocs
}

// presence counts how many are there at once.
type presence struct {
	mu                  sync.Mutex
	came, present, peak int
}

// enter returns how many have come so far.
func (c *presence) enter() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.came++
	c.present++
	c.peak = max(c.peak, c.present)
	return c.came
}

func (c *presence) leave() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.present--
}

func TestAttemptsBeyondTheCapAreQueuedAndNotLate(t *testing.T) {
	for _, share := range []harness.Share{0, 0.5, 1} {
		o, endpoint := newOrigin(t)
		var here presence
		slow := slowRoom(4)
		o.meanwhile = func(http.ResponseWriter, *http.Request) bool {
			defer here.leave()
			here.enter()
			slow()
			return false
		}
		w := usual()
		w.TLS, w.Rate, w.Requests, w.Timeout = share, 1000, 40, time.Minute
		attempts, _, err := played(t.Context(), t, wireDriver{shards: 2, most: 4}, w, endpoint)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(map[string]int{"ok": 40}, tally(attempts)); diff != "" {
			t.Errorf("TLS %v: %s", share, diff)
		}
		// Ten rounds of four, 20 ms each: the last ones wait for nine rounds.
		if last := attempts[39]; here.peak > 4 || last.Sent < 180*time.Millisecond || last.Queued < last.Lag() || last.Latency() < last.Queued+20*time.Millisecond {
			t.Errorf("TLS %v: %d at once, the last attempt %+v; want at most 4, and a queue", share, here.peak, last)
		}
	}
}

func TestAClosedLoopKeepsExactlyNInFlight(t *testing.T) {
	for _, n := range []uint64{1, 2, 8} { // fewer than shards, too
		o, endpoint := newOrigin(t)
		var here presence
		var first sync.WaitGroup // nobody is answered before n have come
		first.Add(int(n))
		o.meanwhile = func(http.ResponseWriter, *http.Request) bool {
			defer here.leave()
			if here.enter() <= int(n) {
				first.Done()
			}
			first.Wait()
			return false
		}
		w := usual()
		w.TLS = 0.5
		c, err := newClient(w, []harness.Endpoint{endpoint})
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = c.close() }()
		g := &wireEngine{driver: wireDriver{shards: 3}}
		seqs := map[uint64]int{}
		e := &engagement{client: c, targets: targetsOf(t, w), pacer: firstN(50), began: time.Now(), inFlight: n,
			firstSeq: ProbeSeq, report: func(a harness.Attempt) { seqs[a.Seq]++ }}
		if err := g.attack(t.Context(), e); err != nil {
			t.Fatal(err)
		}
		if err := g.close(); err != nil {
			t.Error(err)
		}
		if arrived, repeated := o.arrivals(); len(seqs) != 50 || arrived != 50 || repeated != 0 || here.peak != int(n) {
			t.Errorf("%d in flight, want %d; %d reported, %d arrived, %d repeatedly", here.peak, n, len(seqs), arrived, repeated)
		}
	}
}

// TestUnaskedBytesAreNoAnswer plays against servers that answer each attempt
// twice, or end each connection unannounced: whoever read the second answer as
// the next attempt's would count one that was never made, and whoever sent on a
// dead connection would lose one.
func TestUnaskedBytesAreNoAnswer(t *testing.T) {
	for why, answer := range map[string]func(c net.Conn, rested func()){
		"at once":         func(c net.Conn, _ func()) { say(noContent + noContent)(c) },
		"later":           func(c net.Conn, rested func()) { say(noContent)(c); rested(); say(noContent)(c) },
		"a close at once": func(c net.Conn, _ func()) { say(noContent)(c); _ = c.Close() },
		"a close later":   func(c net.Conn, rested func()) { say(noContent)(c); rested(); _ = c.Close() },
	} {
		w := usual()
		w.Profile, w.TLS, w.Requests = "ads", 0, 12
		aConnectionForEach(t, why, w, func(serve func(c net.Conn, answer func(rested func()))) harness.Endpoint {
			return hostile(t, func(c net.Conn) { serve(c, func(rested func()) { answer(c, rested) }) })
		})
	}
}

// TestAnAttemptThatTheKernelTakesInPartsArrivesWhole fills a socket.
func TestAnAttemptThatTheKernelTakesInPartsArrivesWhole(t *testing.T) {
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = unix.Close(pair[1]) }()
	g := &wireEngine{driver: wireDriver{shards: 1}}
	if err := g.open(&client{timeout: time.Second}); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = g.close() }()
	s := g.shards[0]
	s.conns = make([]*wireConn, pair[0]+1)
	c := &wireConn{fd: pair[0], host: &wireHost{server: &wireServer{}}, connected: true}
	s.conns[c.fd] = c
	if err := s.poller.watch(c.fd); err != nil {
		t.Fatal(err)
	}
	s.busy.add(c)
	want := bytes.Repeat([]byte("0123456789abcdef"), 1<<16)
	s.push(c, want)
	if !c.sent || len(c.pending) == 0 {
		t.Fatalf("%d bytes left of %d: the test wants a full socket", len(c.pending), len(want))
	}
	var got []byte
	buffer := make([]byte, 1<<16)
	for len(got) < len(want) {
		n, errno := receiveNow(pair[1], buffer)
		if errno != 0 && errno != syscall.EAGAIN {
			t.Fatal(errno)
		}
		got = append(got, buffer[:n]...)
		events, err := s.poller.wait(time.Millisecond)
		if err != nil {
			t.Fatal(err)
		}
		s.serveAll(events)
	}
	if !bytes.Equal(got, want) || len(c.pending) > 0 {
		t.Errorf("%d bytes arrived of %d, %d left", len(got), len(want), len(c.pending))
	}
}

func TestHaltCutsAllShardsAtTheFurthest(t *testing.T) {
	first, second := &shard{}, &shard{}
	h := &halt{shards: []*shard{first, second}}
	if !h.passes(first, 8) || !h.passes(second, 3) {
		t.Error("stopped before the call")
	}
	h.call()
	second.intent.Store(100)
	h.call() // again: the cut stays
	got := []bool{h.passes(second, 7), h.passes(first, 9), h.passes(first, 10), h.limit() == 9}
	if diff := cmp.Diff([]bool{true, false, false, true}, got); diff != "" {
		t.Error(diff)
	}
}

func TestAWaitEndsOnTimeAndWhenWoken(t *testing.T) {
	p, err := newPoller()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = p.close() }()
	began := time.Now()
	for began := time.Now(); time.Since(began) < 20*time.Millisecond; {
		if _, err := p.wait(20*time.Millisecond - time.Since(began)); err != nil {
			t.Fatal(err)
		}
	}
	if d := time.Since(began); d > 10*time.Second { // where the kernel takes it for another unit of time
		t.Errorf("a wait of 20ms took %v", d)
	}
	time.AfterFunc(time.Millisecond, p.wake)
	for events := 0; events == 0; { // without the bell this would never end
		got, err := p.wait(-1)
		if err != nil {
			t.Fatal(err)
		}
		events = len(got)
	}
}

func TestMoreShardsThanProcessorsGetTheirOwn(t *testing.T) {
	was := runtime.GOMAXPROCS(0)
	restore := enoughProcs(was + 2)
	during := runtime.GOMAXPROCS(0)
	restore()
	if after := runtime.GOMAXPROCS(0); during != was+2 || after != was {
		t.Errorf("%d, then %d, then %d", was, during, after)
	}
}
