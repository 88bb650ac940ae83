package driver

import (
	"math"
	"net/http"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/haproof/haproof/harness"
	"github.com/haproof/haproof/harness/harnesstest/realtest"
)

// TestChosenClientsLeaveAndNobodyElse plays against the origin, which sees who is
// gone before the answer is.
func TestChosenClientsLeaveAndNobodyElse(t *testing.T) {
	everyDriver(t, func(t *testing.T, d harness.Driver) {
		for _, when := range []harness.AbortWhen{harness.AbortAsked, harness.AbortHeaders, harness.AbortBody} {
			for _, tls := range []harness.Share{0, 1} {
				o, endpoint := newOrigin(t)
				var cut, served atomic.Int64
				o.meanwhile = func(w http.ResponseWriter, r *http.Request) bool {
					defer served.Add(1)
					if err := answerAsLab(w, r); err != nil {
						cut.Add(1)
					}
					return true
				}
				w := usual()
				w.Profile, w.Rate, w.Requests, w.TLS = "dynamic", 1500, 150, tls
				w.Abort = &harness.Abort{Share: 0.2, When: when}
				attempts, driven, err := played(t.Context(), t, d, w, endpoint)
				if err != nil || len(attempts) != 150 || driven.Offered != 150 {
					t.Fatalf("%s: %d attempts of %d offered, error %v", when, len(attempts), driven.Offered, err)
				}
				left := checkWhoLeft(t, w, attempts)
				realtest.Until(t, "all connections closed", func() bool { return o.open() == 0 })
				// A handler may see that its client is gone after the connection is.
				realtest.Until(t, "all answers given or given up", func() bool { return served.Load() == 150 })
				arrived, repeated := o.arrivals()
				if arrived != 150 || repeated != 0 {
					t.Errorf("%s, TLS %v: %d arrived, %d of them repeatedly, want 150 and 0", when, tls, arrived, repeated)
				}
				if n := cut.Load(); when != harness.AbortAsked && n != left {
					t.Errorf("%s, TLS %v: the origin could not answer %d, want the %d whose clients left", when, tls, n, left)
				}
			}
		}
	})
}

// checkWhoLeft compares how attempts ended with the pure function that says whose
// clients leave, and returns how many did.
func checkWhoLeft(t *testing.T, w harness.Workload, attempts []harness.Attempt) (left int64) {
	t.Helper()
	targets := targetsOf(t, w)
	for k, a := range attempts {
		target := targets.At(uint64(k))
		want := harness.Attempt{
			Seq: uint64(k), Key: target.Key, Status: target.Status, Bytes: target.Bytes, TLS: target.TLS, Dynamic: target.Dynamic, Route: target.Route,
			Outcome: harness.OK, Intended: a.Intended, Sent: a.Sent, Done: a.Done,
		}
		if target.Leave != "" {
			left++
			want.Cause = harness.CauseAborted
		}
		switch target.Leave {
		case harness.AbortAsked:
			want.Outcome, want.Status, want.Bytes = harness.Indeterminate, 0, 0
		case harness.AbortHeaders:
			want.Bytes = 0
		case harness.AbortBody:
			if want.Bytes = a.Bytes; a.Bytes == 0 || a.Bytes >= target.Bytes {
				t.Errorf("attempt %d read %d bytes of %d, want a part of them", k, a.Bytes, target.Bytes)
			}
		}
		if diff := cmp.Diff(want, a); diff != "" {
			t.Fatalf("%s, attempt %d: %s", w.Abort.When, k, diff)
		}
	}
	if left == 0 {
		t.Errorf("%s: nobody left, so nothing is proven", w.Abort.When)
	}
	return left
}

func TestWhoLeavesDependsOnSeedAndNumberAlone(t *testing.T) {
	const n = 40_000
	for _, profile := range Profiles() {
		w := usual()
		w.Profile, w.Dynamic = profile, 0.3
		stays := targetsOf(t, w)
		w.Abort = &harness.Abort{Share: 0.25, When: harness.AbortAsked}
		leaves := targetsOf(t, w)
		var left float64
		for k := range uint64(n) {
			target := leaves.At(k)
			left += count(target.Leave != "")
			target.Leave = ""
			if diff := cmp.Diff(stays.At(k), target); diff != "" {
				t.Fatalf("%s: attempt %d asks for something else because others leave: %s", profile, k, diff)
			}
		}
		near(t, profile+" left", left/n, 0.25, n)
	}
}

func TestClientsLeaveWithinPagesOnly(t *testing.T) {
	w := usual()
	w.Abort = &harness.Abort{Share: 1, When: harness.AbortBody}
	for _, profile := range Profiles() {
		w.Profile = profile
		targets := targetsOf(t, w)
		for k := range uint64(1000) {
			target := targets.At(k)
			if long := target.Bytes == longBytes; long != target.Dynamic || (target.Leave == harness.AbortBody) != target.Dynamic {
				t.Fatalf("%s: attempt %d: %+v", profile, k, target)
			}
		}
	}
}

// TestAWantedEndHidesNoError lets answers be wrong in ways that a client sees before
// it leaves.
func TestAWantedEndHidesNoError(t *testing.T) {
	target := Target{Method: "GET", Status: 200, Bytes: math.MaxUint32, Dynamic: true, Key: "c0000", Leave: harness.AbortHeaders}
	for _, c := range []struct {
		got  answer
		want ending
	}{
		{answer{status: 200, php: true, short: true}, ending{status: 200, dynamic: true, outcome: harness.OK, cause: harness.CauseAborted}},
		{answer{status: 500, php: true, short: true}, ending{status: 500, dynamic: true, outcome: harness.OK, cause: harness.CauseStatus}},
		{answer{status: 503, short: true}, ending{status: 503, dynamic: true, cause: harness.CauseStatus}},
		{answer{status: 429, short: true}, ending{status: 429, outcome: harness.OK, cause: harness.CauseDenied}},
		{answer{status: 200, short: true}, ending{status: 200, outcome: harness.OK, cause: harness.CauseBody}},
		{answer{status: 200, php: true}, ending{status: 200, dynamic: true, outcome: harness.OK, cause: harness.CauseBody}},
	} {
		got := ending{dynamic: target.Dynamic}
		if got.answered(&target, c.got); got != c.want {
			t.Errorf("%+v: got %+v, want %+v", c.got, got, c.want)
		}
	}
}
