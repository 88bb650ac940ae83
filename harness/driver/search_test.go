package driver

import (
	"context"
	"errors"
	"math"
	"net/http"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/haproof/haproof/harness"
	"github.com/haproof/haproof/harness/harnesstest/realtest"
)

// searching is a search from below to far above the capacity.
func searching() harness.Workload {
	w := usual()
	w.Profile, w.TLS, w.Rate, w.Requests = "php", 0, 0, 0
	w.Search = &harness.Search{
		Objective: harness.Objective{Quantile: 0.9, Latency: 150 * time.Millisecond, Achieved: 0.9},
		Probe:     400 * time.Millisecond, Step: 4 * time.Second, From: 0.4, To: 6, Stairs: 5,
	}
	return w
}

// TestSearchFindsTheCapacityAndStopsBeyondIt has a backend with one worker for the probe,
// which takes 2 ms for each attempt: 500/s, or less on a busy machine. Then it answers
// none in time, so that there is nothing to find for the 15 seconds of the first stairs.
func TestSearchFindsTheCapacityAndStopsBeyondIt(t *testing.T) {
	everyDriver(t, func(t *testing.T, d harness.Driver) {
		o, endpoint := newOrigin(t)
		var one sync.Mutex
		probes := 0
		o.meanwhile = func(_ http.ResponseWriter, r *http.Request) bool {
			if seq, _ := strconv.ParseUint(r.Header.Get(harness.SeqHeader), 10, 64); seq < ProbeSeq {
				<-time.After(200 * time.Millisecond)
				return false
			}
			one.Lock()
			defer one.Unlock()
			probes++
			<-time.After(2 * time.Millisecond)
			return false
		}
		attempts, driven, err := played(t.Context(), t, d, searching(), endpoint)
		if err != nil {
			t.Fatal(err)
		}
		// Of all that the worker did, the second half of the probe counts. What it can do in
		// either half is known, and at most so many in flight are seen in another half.
		const most = 200/2 + 1 + probeInFlight
		if n := int(math.Round(driven.Probed * 0.2)); n <= 0 || n > min(probes, most) || n < probes-most {
			t.Errorf("probed %v/s, or %d in 200 ms, of %d attempts; it is at most %d, and %d fewer at most", driven.Probed, n, probes, most, most)
		}
		plan := newStaircase(*searching().Search, driven.Probed)
		if n := len(driven.StairRPS); n < 1 || n > 3 || driven.Offered >= plan.total()/2 || driven.Offered < uint64(len(attempts)) {
			t.Errorf("%d stairs played, %d attempts of %d offered, up to 6 times the capacity there are %d", n, len(attempts), driven.Offered, plan.total())
		}
		if diff := cmp.Diff(plan.rates(len(driven.StairRPS)), driven.StairRPS); diff != "" {
			t.Error(diff)
		}
		for k, a := range attempts {
			if a.Seq != uint64(k) || a.Stair != plan.stairOf(a.Seq) || a.Intended != plan.due(a.Seq) {
				t.Fatalf("attempt %d: %+v, due at %v on stair %d", k, a, plan.due(a.Seq), plan.stairOf(a.Seq))
			}
		}
		if arrived, repeated := o.arrivals(); repeated != 0 || arrived <= len(attempts) {
			t.Errorf("%d arrived, %d repeatedly: want the attempts and, with other ids, those of the probe", arrived, repeated)
		}
		realtest.Until(t, "all connections closed", func() bool { return o.open() == 0 })
	})
}

func TestSearchWithoutCapacityIsAnError(t *testing.T) {
	everyDriver(t, func(t *testing.T, d harness.Driver) {
		o, endpoint := newOrigin(t)
		o.meanwhile = func(w http.ResponseWriter, _ *http.Request) bool { w.WriteHeader(503); return true }
		w := searching()
		w.Search.Probe = 50 * time.Millisecond
		attempts, _, err := played(t.Context(), t, d, w, endpoint)
		if !errors.Is(err, errNoCapacity) || len(attempts) > 0 {
			t.Errorf("got error %v and %d attempts", err, len(attempts))
		}
	})
}

func TestInterruptEndsAProbe(t *testing.T) {
	everyDriver(t, func(t *testing.T, d harness.Driver) {
		_, endpoint := newOrigin(t)
		w := searching()
		w.Search.Probe = time.Hour
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		if attempts, _, err := played(ctx, t, d, w, endpoint); !errors.Is(err, context.DeadlineExceeded) || len(attempts) > 0 {
			t.Errorf("got error %v and %d attempts", err, len(attempts))
		}
	})
}

func TestWatchEndsASearchOnceItsStairIsLost(t *testing.T) {
	s := harness.Search{
		Objective: harness.Objective{Quantile: 0.9, Latency: 100 * time.Millisecond},
		Step:      time.Second, From: 1, To: 2, Stairs: 2,
	}
	late := harness.Attempt{Done: 101 * time.Millisecond, Outcome: harness.OK}
	good := harness.Attempt{Done: 100 * time.Millisecond, Outcome: harness.OK}
	bad := harness.Attempt{Cause: harness.CauseStatus, Outcome: harness.OK}
	repeat := func(a harness.Attempt, n int) (all []harness.Attempt) {
		for range n {
			all = append(all, a)
		}
		return all
	}
	got := map[string]bool{}
	for name, attempts := range map[string][]harness.Attempt{
		"100 good":      repeat(good, 100),
		"10 late":       append(repeat(late, 10), repeat(good, 80)...), // of 100 in the stair: p90 can still be met
		"11 late":       append(repeat(late, 11), repeat(good, 80)...),
		"one error":     repeat(bad, 1),
		"none answered": nil,
	} {
		w := newWatch(s, newStaircase(s, 100))
		for _, a := range attempts {
			w.see(a)
		}
		got[name] = w.enough(100)
	}
	// Of 100 sent at 200/s with 4 × 100 ms, 80 may be in flight.
	want := map[string]bool{"100 good": false, "10 late": false, "11 late": true, "one error": true, "none answered": true}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
