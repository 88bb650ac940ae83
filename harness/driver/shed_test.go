package driver

import (
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/haproof/haproof/harness"
	"github.com/haproof/haproof/harness/harnesstest/realtest"
)

// skipHTTP2 skips a test of Connect.Most, which HTTP/2 has none of.
func skipHTTP2(t *testing.T) {
	t.Helper()
	if strings.HasSuffix(t.Name(), "h2") {
		t.Skip("a connection carries many attempts")
	}
}

// checkShed counts what a ledger must balance: each attempt that was scheduled was shed,
// could not be sent, or arrives.
func checkShed(t *testing.T, o *origin, w harness.Workload, attempts []harness.Attempt, scheduled uint64) (shed int) {
	t.Helper()
	if diff := cmp.Diff(ids(scheduled), idsOf(attempts)); diff != "" {
		t.Error(diff)
	}
	refused := 0
	for _, a := range attempts {
		if a.Cause != harness.CauseShed {
			if a.Outcome == harness.Failed {
				refused++
			}
			continue
		}
		shed++
		if a.Outcome != harness.Failed || a.Sent-a.Intended <= w.Timeout || a.Done != a.Sent || a.Queued > a.Sent-a.Intended {
			t.Errorf("shed attempt %+v", a)
		}
	}
	realtest.Until(t, "everything that was sent has arrived", func() bool {
		arrived, repeated := o.arrivals()
		return arrived+shed+refused == int(scheduled) && repeated == 0
	})
	return shed
}

// TestWhatIsTooLateIsShed has a server stall until the clients' patience has ended. As
// few may be in flight, what comes meanwhile waits.
func TestWhatIsTooLateIsShed(t *testing.T) {
	everyDriver(t, func(t *testing.T, d harness.Driver) {
		skipHTTP2(t)
		for _, users := range []*harness.Users{nil, {Requests: 2}} {
			o, endpoint := newOrigin(t)
			release := make(chan struct{})
			var stalls sync.Once
			o.meanwhile = func(http.ResponseWriter, *http.Request) bool {
				// However late the driver is: five at a time, for 100 ms each, are fewer than come.
				stalls.Do(func() { time.AfterFunc(250*time.Millisecond, func() { close(release) }) })
				<-release
				return false
			}
			w := usual()
			w.Profile, w.TLS, w.Rate, w.Requests, w.Timeout = "dynamic", 0, 400, 160, 100*time.Millisecond
			w.Connect, w.Users = &harness.Connect{Most: 5}, users
			attempts, driven, err := played(t.Context(), t, d, w, endpoint)
			if err != nil {
				t.Fatal(err)
			}
			if shed := checkShed(t, o, w, attempts, 160); shed == 0 || driven.Offered != 160 {
				t.Errorf("%d shed, %d offered", shed, driven.Offered)
			}
			if users == nil {
				continue
			}
			for k := 0; k < len(attempts); k += 2 {
				if attempts[k].Cause == harness.CauseShed && attempts[k+1].Cause != harness.CauseShed {
					t.Errorf("a user whose arrival was shed came: %+v", attempts[k+1])
				}
			}
		}
	})
}

// slowRoom answers each attempt after 20 ms, and those who fill the room first only when
// the others have waited for them many times as long as all took to begin: what a busy
// machine is late in the beginning, which is lag, is little beside that.
func slowRoom(size int64) func() {
	began := time.Now()
	var came atomic.Int64
	release := make(chan struct{})
	return func() {
		n := came.Add(1)
		if n == size {
			time.AfterFunc(min(10*time.Since(began), 10*time.Second)+500*time.Millisecond, func() { close(release) })
		}
		if n <= size {
			<-release
		}
		<-time.After(20 * time.Millisecond)
	}
}

// TestTheWaitForRoomIsQueuedAndNotLag has a slow server, and as few attempts in flight as
// it takes for most of them to wait.
func TestTheWaitForRoomIsQueuedAndNotLag(t *testing.T) {
	everyDriver(t, func(t *testing.T, d harness.Driver) {
		skipHTTP2(t)
		o, endpoint := newOrigin(t)
		var present, peak atomic.Int64
		slow := slowRoom(4)
		o.meanwhile = func(http.ResponseWriter, *http.Request) bool {
			n := present.Add(1)
			defer present.Add(-1)
			for old := peak.Load(); n > old && !peak.CompareAndSwap(old, n); old = peak.Load() {
			}
			slow()
			return false
		}
		w := usual()
		w.Rate, w.Requests, w.Timeout = 1000, 40, time.Minute
		w.Connect = &harness.Connect{Most: 4}
		attempts, _, err := played(t.Context(), t, d, w, endpoint)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(map[string]int{"ok": 40}, tally(attempts)); diff != "" {
			t.Error(diff)
		}
		if peak.Load() > 4 {
			t.Errorf("%d in flight, want at most 4", peak.Load())
		}
		// Ten rounds of four, 20 ms each: whatever leaves last does so after nine of them.
		var queued, lag, last time.Duration
		for _, a := range attempts {
			if a.Queued < 0 || a.Lag() < 0 || a.Latency() < a.Queued+20*time.Millisecond {
				t.Errorf("attempt %+v", a)
			}
			queued, lag, last = queued+a.Queued, lag+a.Lag(), max(last, a.Sent)
		}
		if last < 180*time.Millisecond || lag > queued/2 {
			t.Errorf("the last attempt left at %v; all of them were queued %v with a lag of %v", last, queued, lag)
		}
	})
}

func TestQueueTellsWaitsForRoomFromLag(t *testing.T) {
	const ms = time.Millisecond
	q := queue{}
	if q.part(0, 5*ms) != 0 {
		t.Error("nobody waited for room")
	}
	q.rests()
	q.fills(10 * ms)
	q.fills(12 * ms) // still
	if got := q.part(4*ms, 14*ms); got != 4*ms {
		t.Errorf("while it is full: %v, want 4ms since 10ms", got)
	}
	q.opens(30 * ms)
	q.opens(40 * ms) // not full any more
	for _, row := range []struct{ due, now, want time.Duration }{
		{12 * ms, 30 * ms, 18 * ms}, // left at once
		{12 * ms, 50 * ms, 18 * ms}, // the rest is lag
		{4 * ms, 30 * ms, 20 * ms},  // due long before it was full, which is lag
		{35 * ms, 50 * ms, 0},       // due when there was room
		{30 * ms, 30 * ms, 0},
	} {
		if got := q.part(row.due, row.now); got != row.want {
			t.Errorf("due at %v, sent at %v: queued %v, want %v", row.due, row.now, got, row.want)
		}
	}
	q.rests()
	q.fills(60 * ms)
	q.opens(61 * ms)
	if got := q.part(55*ms, 62*ms); got != 1*ms {
		t.Errorf("after a rest: %v, want the last 1ms only", got)
	}
}
