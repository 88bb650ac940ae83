//go:build amd64 || arm64

package driver

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"net/http"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/haproof/haproof/harness"
)

// The conformance suite plays with several shards too, whatever this machine has.
func init() { register("wire, 3 shards", func() harness.Driver { return wireDriver{shards: 3} }) }

// TestStreamsAreTheSameForAnyNumberOfShards compares the bytes of each attempt on
// the wire with those that vegeta's client writes.
func TestStreamsAreTheSameForAnyNumberOfShards(t *testing.T) {
	w := usual()
	w.TLS, w.Rate, w.Requests = 0, 5000, 300
	want := map[uint64]string{}
	for k := range w.Requests {
		target := targetsOf(t, w).At(k)
		want[k] = string(appendAttempt(nil, k, &target, target.Path))
	}
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
				say("HTTP/1.1 204 No Content\r\n\r\n")(c)
			}
		})
		if _, _, err := played(t.Context(), t, wireDriver{shards: shards}, w, endpoint); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%d shards: %s", shards, diff)
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
	c, err := newClient(w, []harness.Endpoint{{Node: "trivial", HTTP: address}})
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

// crowd counts how many are there at once.
type crowd struct {
	mu                  sync.Mutex
	came, present, peak int
}

// enter returns how many have come so far.
func (c *crowd) enter() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.came++
	c.present++
	c.peak = max(c.peak, c.present)
	return c.came
}

func (c *crowd) leave() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.present--
}

func TestAttemptsBeyondTheCapWaitAndShowItAsLag(t *testing.T) {
	for _, share := range []harness.Share{0, 0.5, 1} {
		o, endpoint := newOrigin(t)
		var here crowd
		o.meanwhile = func(http.ResponseWriter, *http.Request) bool {
			defer here.leave()
			here.enter()
			<-time.After(20 * time.Millisecond)
			return false
		}
		w := usual()
		w.TLS, w.Rate, w.Requests = share, 1000, 40
		attempts, _, err := played(t.Context(), t, wireDriver{shards: 2, most: 4}, w, endpoint)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(map[string]int{"ok": 40}, tally(attempts)); diff != "" {
			t.Errorf("TLS %v: %s", share, diff)
		}
		// Ten rounds of four, 20 ms each: the last ones wait for nine rounds.
		if last := attempts[39]; here.peak > 4 || last.Lag() < 120*time.Millisecond || last.Latency() < last.Lag()+20*time.Millisecond {
			t.Errorf("TLS %v: %d at once, the last attempt %+v; want at most 4, and lag", share, here.peak, last)
		}
	}
}

func TestAClosedLoopKeepsExactlyNInFlight(t *testing.T) {
	for _, n := range []uint64{1, 2, 8} { // fewer than shards, too
		o, endpoint := newOrigin(t)
		var here crowd
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
	const no = "HTTP/1.1 204 No Content\r\n\r\n"
	for why, second := range map[string]func(c net.Conn){
		"at once":         func(c net.Conn) { say(no + no)(c) },
		"later":           func(c net.Conn) { say(no)(c); <-time.After(2 * time.Millisecond); say(no)(c) },
		"a close at once": func(c net.Conn) { say(no)(c); _ = c.Close() },
		"a close later":   func(c net.Conn) { say(no)(c); <-time.After(2 * time.Millisecond); _ = c.Close() },
	} {
		var conns, answered atomic.Int64
		endpoint := hostile(t, func(c net.Conn) {
			from := bufio.NewReader(c)
			for n := 0; ; n++ {
				if _, _, err := readRaw(from); err != nil {
					return
				}
				if n == 0 {
					conns.Add(1)
				}
				answered.Add(1)
				second(c)
			}
		})
		w := usual()
		w.Profile, w.TLS, w.Rate, w.Requests = "ads", 0, 50, 12
		attempts, _, err := played(t.Context(), t, wireDriver{}, w, endpoint)
		if err != nil {
			t.Fatal(err)
		}
		got := [3]int64{int64(len(attempts)), conns.Load(), answered.Load()}
		if want := [3]int64{12, 12, 12}; got != want || slices.ContainsFunc(attempts, func(a harness.Attempt) bool { return a.Status != 204 }) {
			t.Errorf("%s: %d attempts over %d connections, %d answered; want one connection for each, all with status 204: %v", why, got[0], got[1], got[2], tally(attempts))
		}
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
	c := &wireConn{fd: pair[0], server: &wireServer{}, connected: true}
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
	if d := time.Since(began); d > time.Second {
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
