package driver

import (
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/haproof/haproof/harness"
)

// TestASoftStartGoesAheadOfTheScheduleAndChangesNothingInIt looks at every kind of
// schedule.
func TestASoftStartGoesAheadOfTheScheduleAndChangesNothingInIt(t *testing.T) {
	eachSchedule(t, func(t *testing.T, w harness.Workload, plain schedule) {
		w.SoftStart = 2 * time.Second
		plan, err := newSchedule(w)
		if err != nil {
			t.Fatal(err)
		}
		first := plain.rate(0)
		ramp := uint64(math.Round(first)) // half of the rate for two seconds
		if plan.total() != plain.total()+ramp {
			t.Fatalf("%d attempts, want %d and %d of the ramp", plan.total(), plain.total(), ramp)
		}
		var last time.Duration
		for k := range plan.total() {
			due := plan.due(k)
			if due < last || (due < w.SoftStart) != (k < ramp) {
				t.Fatalf("attempt %d of a ramp of %d is due at %v after %v", k, ramp, due, last)
			}
			if k >= ramp && due != w.SoftStart+plain.due(k-ramp) {
				t.Fatalf("attempt %d is due at %v, want what the schedule says, %v later", k, due, w.SoftStart)
			}
			last = due
		}
		// A quarter of the attempts in the first half of the ramp.
		if got, want := float64(wanted(plan, time.Second-1)), first/4; math.Abs(got-want) > 1.5 {
			t.Errorf("%v attempts in the first half, want about %v", got, want)
		}
		if got := plan.rate(time.Second); math.Abs(got-first/2) > 1e-9*first || plan.rate(3*time.Second) != plain.rate(time.Second) {
			t.Errorf("rates %v and %v", got, plan.rate(3*time.Second))
		}
	})
}

func TestASoftStartIsPartOfAGivenNumberOfAttempts(t *testing.T) {
	w := harness.Workload{Rate: 100, Requests: 250, SoftStart: time.Second}
	plan, err := newSchedule(w)
	if err != nil || plan.total() != 250 || plan.due(50) != time.Second || plan.due(249) != time.Second+1990*time.Millisecond {
		t.Errorf("%d attempts, error %v", plan.total(), err)
	}
	w.Requests = 50
	if _, err := newSchedule(w); err == nil {
		t.Error("a schedule of nothing but its soft start")
	}
}

func TestDriversStartSoftly(t *testing.T) {
	everyDriver(t, func(t *testing.T, d harness.Driver) {
		for _, users := range []*harness.Users{nil, {Requests: 2, Think: time.Millisecond}, {Count: 10, Think: time.Millisecond}} {
			o, endpoint := newOrigin(t)
			w := usual()
			w.Timeout = time.Minute
			w.TLS, w.Requests, w.Duration, w.Rate, w.SoftStart, w.Users = 0, 0, 100*time.Millisecond, 200, 100*time.Millisecond, users
			want := 30 // 10 and 20
			switch {
			case users == nil:
			case users.Count == 0:
				want = 60
			default:
				w.Rate = 0
			}
			attempts, driven, err := played(t.Context(), t, d, w, endpoint)
			if err != nil {
				t.Fatal(err)
			}
			if users != nil && users.Count > 0 {
				want = len(attempts) // as many as the answers let them
				for _, a := range attempts {
					if a.Seq < 10 && a.Intended != time.Duration(a.Seq)*10*time.Millisecond {
						t.Errorf("user %d comes at %v", a.Seq, a.Intended)
					}
				}
			}
			arrived, _ := o.arrivals()
			if diff := cmp.Diff([]int{want, want, want}, []int{len(attempts), int(driven.Offered), arrived}); diff != "" {
				t.Errorf("%+v: %s", users, diff)
			}
		}
	})
}
