package driver

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/haproof/haproof/harness"
)

// withUsers is a workload whose clients wait for their answers.
func withUsers(u harness.Users) harness.Workload {
	w := usual()
	w.Profile, w.Rate, w.Users, w.Timeout = "dynamic", 0, &u, time.Minute
	return w
}

// ids returns the numbers from 0 up to but excluding n.
func ids(n uint64) []uint64 {
	var all []uint64
	for k := range n {
		all = append(all, k)
	}
	return all
}

func idsOf(attempts []harness.Attempt) []uint64 {
	var all []uint64
	for _, a := range attempts {
		all = append(all, a.Seq)
	}
	return all
}

// checkPauses compares when each attempt of a seat was wanted with the end of the one
// before, to the nanosecond.
func checkPauses(t *testing.T, w harness.Workload, attempts []harness.Attempt, seatOf func(seq uint64) (seat, j uint64)) {
	t.Helper()
	plan, err := newUsers(w)
	if err != nil {
		t.Fatal(err)
	}
	ended := map[uint64]time.Duration{}
	for _, a := range attempts { // in order of their ids, so also of each seat's
		seat, j := seatOf(a.Seq)
		want := plan.comes(seat)
		if j > 0 {
			want = ended[seat] + plan.pause(seat, j)
		}
		if a.Intended != want || a.Sent < a.Intended {
			t.Fatalf("attempt %d of seat %d was wanted at %v and sent at %v, want %v", j, seat, a.Intended, a.Sent, want)
		}
		ended[seat] = a.Done
	}
}

func TestAlwaysSoManyUsersAskAsOftenAsTheWorkloadSays(t *testing.T) {
	everyDriver(t, func(t *testing.T, d harness.Driver) {
		for _, think := range []time.Duration{0, 2 * time.Millisecond} {
			for _, share := range []harness.Share{0, 0.5} {
				o, endpoint := newOrigin(t)
				var here presence
				o.meanwhile = func(http.ResponseWriter, *http.Request) bool {
					defer here.leave()
					here.enter()
					return false
				}
				w := withUsers(harness.Users{Count: 5, Think: think, Thinking: harness.ThinkExponential})
				w.Requests, w.TLS = 53, share
				attempts, driven, err := played(t.Context(), t, d, w, endpoint)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(ids(53), idsOf(attempts)); diff != "" || driven.Offered != 53 {
					t.Errorf("%d offered: %s", driven.Offered, diff)
				}
				if diff := cmp.Diff(map[string]int{"ok": 53}, tally(attempts)); diff != "" {
					t.Error(diff)
				}
				if here.peak > 5 {
					t.Errorf("%d at once, want at most 5", here.peak)
				}
				checkPauses(t, w, attempts, func(seq uint64) (seat, j uint64) { return seq % 5, seq / 5 })
			}
		}
	})
}

// TestAUserHasAConnectionOfItsOwn lets nobody's answer go before all have asked.
func TestAUserHasAConnectionOfItsOwn(t *testing.T) {
	everyDriver(t, func(t *testing.T, d harness.Driver) {
		o, endpoint := newOrigin(t)
		var round sync.WaitGroup
		round.Add(6)
		o.meanwhile = func(_ http.ResponseWriter, r *http.Request) bool {
			if seq := r.Header.Get(harness.SeqHeader); len(seq) == 1 && seq < "6" {
				round.Done()
				round.Wait()
			}
			return false
		}
		w := withUsers(harness.Users{Count: 6})
		w.Requests, w.TLS = 300, 0
		if _, _, err := played(t.Context(), t, d, w, endpoint); err != nil {
			t.Fatal(err)
		}
		if o.opened != 6 {
			t.Errorf("%d connections for 6 users", o.opened)
		}
	})
}

func TestNobodyAsksAfterTheEnd(t *testing.T) {
	everyDriver(t, func(t *testing.T, d harness.Driver) {
		o, endpoint := newOrigin(t)
		w := withUsers(harness.Users{Count: 4, Think: 10 * time.Millisecond})
		w.Requests, w.Duration, w.TLS = 0, time.Second, 0 // in which even a busy machine begins
		attempts, driven, err := played(t.Context(), t, d, w, endpoint)
		if err != nil || len(attempts) < 4 || driven.Offered != uint64(len(attempts)) {
			t.Fatalf("%d attempts of %d offered, error %v", len(attempts), driven.Offered, err)
		}
		for _, a := range attempts {
			if a.Intended >= w.Duration {
				t.Errorf("attempt %d was wanted at %v, after the end", a.Seq, a.Intended)
			}
		}
		if arrived, repeated := o.arrivals(); arrived != len(attempts) || repeated != 0 {
			t.Errorf("%d of %d arrived, %d repeatedly", arrived, len(attempts), repeated)
		}
	})
}

func TestALongThoughtDoesNotOutlastTheEnd(t *testing.T) {
	everyDriver(t, func(t *testing.T, d harness.Driver) {
		_, endpoint := newOrigin(t)
		w := withUsers(harness.Users{Count: 3, Think: time.Hour})
		w.Requests, w.Duration = 0, time.Minute // which need not pass either, as nobody asks again in it
		attempts, _, err := played(t.Context(), t, d, w, endpoint)
		if err != nil || len(attempts) != 3 {
			t.Errorf("%d attempts, error %v; want 3", len(attempts), err)
		}
	})
}

// TestUsersWhoThinkKeepTheirConnections has a few users ask at a time, so that a few
// connections would do.
func TestUsersWhoThinkKeepTheirConnections(t *testing.T) {
	for _, name := range []string{"wire", "wire, 3 shards"} {
		d, err := New(name)
		if err != nil {
			t.Skip("no such driver here: ", err)
		}
		o, endpoint := newOrigin(t)
		w := withUsers(harness.Users{Count: 40, Think: 10 * time.Millisecond, Thinking: harness.ThinkExponential})
		w.Requests, w.TLS, w.SoftStart = 400, 0, 400*time.Millisecond
		if _, _, err := played(t.Context(), t, d, w, endpoint); err != nil {
			t.Fatal(err)
		}
		if o.opened != 40 {
			t.Errorf("%s: %d connections for 40 users", name, o.opened)
		}
	}
}

func TestInterruptEndsAThoughtAtOnce(t *testing.T) {
	everyDriver(t, func(t *testing.T, d harness.Driver) {
		for _, u := range []harness.Users{{Requests: 3, Think: time.Hour}, {Count: 4, Think: time.Hour}} {
			_, endpoint := newOrigin(t)
			w := withUsers(u)
			if w.Requests = 300; u.Count == 0 {
				w.Rate = 100
			}
			ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
			defer cancel()
			began := time.Now()
			attempts, driven, err := played(ctx, t, d, w, endpoint)
			if !errors.Is(err, context.DeadlineExceeded) || driven.Offered != uint64(len(attempts)) || time.Since(began) > time.Minute {
				t.Errorf("%d attempts, %d offered, error %v after %v", len(attempts), driven.Offered, err, time.Since(began))
			}
		}
	})
}

// sessionsWorkload has 40 users of 5 attempts each.
func sessionsWorkload() harness.Workload {
	w := withUsers(harness.Users{Requests: 5, Think: 3 * time.Millisecond})
	w.Rate, w.Requests, w.Arrivals = 400, 200, harness.ArrivalsPoisson
	return w
}

func TestUsersArriveByTheScheduleAndWaitForTheirAnswers(t *testing.T) {
	everyDriver(t, func(t *testing.T, d harness.Driver) {
		o, endpoint := newOrigin(t)
		w := sessionsWorkload()
		attempts, driven, err := played(t.Context(), t, d, w, endpoint)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(ids(200), idsOf(attempts)); diff != "" || driven.Offered != 200 {
			t.Errorf("%d offered: %s", driven.Offered, diff)
		}
		if diff := cmp.Diff(map[string]int{"ok": 200}, tally(attempts)); diff != "" {
			t.Error(diff)
		}
		if arrived, repeated := o.arrivals(); arrived != 200 || repeated != 0 {
			t.Errorf("%d arrived, %d repeatedly", arrived, repeated)
		}
		checkPauses(t, w, attempts, func(seq uint64) (seat, j uint64) { return seq / 5, seq % 5 })
		keys := map[string]bool{}
		for _, a := range attempts {
			if first := attempts[a.Seq/5*5]; a.Key != first.Key {
				t.Errorf("attempt %d goes to %s, its user's first to %s", a.Seq, a.Key, first.Key)
			}
			keys[a.Key] = true
		}
		if len(keys) < 5 {
			t.Errorf("40 users go to %d of 10 customers", len(keys))
		}
	})
}

func TestUsersAskToTheEndWhenAnswersFail(t *testing.T) {
	everyDriver(t, func(t *testing.T, d harness.Driver) {
		o, endpoint := newOrigin(t)
		o.meanwhile = func(_ http.ResponseWriter, r *http.Request) bool {
			seq := r.Header.Get(harness.SeqHeader)
			if seq[len(seq)-1] != '1' && seq[len(seq)-1] != '4' {
				return false
			}
			panic(http.ErrAbortHandler)
		}
		attempts, _, err := played(t.Context(), t, d, sessionsWorkload(), endpoint)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(map[string]int{"ok": 160, "indeterminate reset": 40}, tally(attempts)); diff != "" {
			t.Error(diff)
		}
	})
}

func TestUsersWithoutRoomInTheirWorkloadAreRefused(t *testing.T) {
	for why, change := range map[string]func(*harness.Workload){
		"requests: 201":    func(w *harness.Workload) { w.Requests = 201 },
		"need requests":    func(w *harness.Workload) { w.Users.Requests = 0 },
		"more than the":    func(w *harness.Workload) { w.Users.Count = mostUsers + 1 },
		"until one of":     func(w *harness.Workload) { w.Users.Count, w.Requests = 5, 0 },
		"must be above 0":  func(w *harness.Workload) { w.Rate = 0 },
		"softstart: a rep": func(w *harness.Workload) { w.SoftStart, w.Shape = 1, &harness.Shape{Kind: harness.ShapeReplay} },
	} {
		everyDriver(t, func(t *testing.T, d harness.Driver) {
			_, endpoint := newOrigin(t)
			w := sessionsWorkload()
			change(&w)
			attempts, _, err := played(t.Context(), t, d, w, endpoint)
			if err == nil || len(attempts) > 0 || !strings.Contains(err.Error(), why) {
				t.Errorf("%s: got error %v after %d attempts", why, err, len(attempts))
			}
		})
	}
}

func TestAgendaReturnsUsersInTheOrderInWhichTheyAsk(t *testing.T) {
	r := randomOf(1, 2)
	var a agenda
	var want, got []user
	for i := range 1000 {
		u := user{seat: uint64(i), due: time.Duration(r.below(100))}
		a.add(&u)
		want = append(want, u)
	}
	slices.SortFunc(want, func(a, b user) int {
		if a.due != b.due {
			return int(a.due - b.due)
		}
		return int(a.seat) - int(b.seat)
	})
	for len(a) > 0 {
		got = append(got, *a.next())
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(user{})); diff != "" {
		t.Error(diff)
	}
}

// TestACrowdAllocatesNothingPerAttempt plays a crowd without a driver.
func TestACrowdAllocatesNothingPerAttempt(t *testing.T) {
	w := withUsers(harness.Users{Count: 100, Requests: 7, Think: time.Millisecond, Thinking: harness.ThinkExponential, Cookies: true})
	w.Requests = 1_000_000
	plan, err := newUsers(w)
	if err != nil {
		t.Fatal(err)
	}
	c := newCrowd(plan, slice{step: 1}, time.Second, nil)
	now := time.Duration(0)
	step := func() {
		due := c.due(now)
		now = max(now, due)
		u, a := c.take(now)
		a.Done = now + time.Microsecond
		c.ended(u, &a)
	}
	for range 200 {
		step()
	}
	if each := testing.AllocsPerRun(10_000, step); each != 0 {
		t.Errorf("%v allocations per attempt", each)
	}
}

func TestPausesAreExponentialAndOfTheSeedAlone(t *testing.T) {
	w := withUsers(harness.Users{Count: 10, Think: time.Second, Thinking: harness.ThinkExponential})
	w.Requests = 1
	plan, err := newUsers(w)
	if err != nil {
		t.Fatal(err)
	}
	var sum, squares float64
	const n = 20_000
	for j := range uint64(n) {
		p := plan.pause(3, j+1).Seconds()
		sum += p
		squares += p * p
	}
	mean := sum / n
	if square := squares / n; mean < 0.97 || mean > 1.03 || square < 1.85 || square > 2.15 { // 1 and 2, four deviations and more
		t.Errorf("pauses have mean %v and mean square %v, want about 1 and 2", mean, square)
	}
	again, err := newUsers(w)
	if err != nil {
		t.Fatal(err)
	}
	if a, b := plan.pause(3, 7), again.pause(3, 7); a != b || a == plan.pause(4, 7) || a == plan.pause(3, 8) {
		t.Errorf("pauses %v and %v", a, b)
	}
}
