package enforce

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/haproof/haproof/harness/tracker"
	"github.com/haproof/haproof/harness/tracker/plan"
)

func TestUsageThatCannotBeReadAtAReloadIsReadLater(t *testing.T) {
	store := &memory{}
	r := newRig(t, plan.Set{}, store)
	r.grow(0, 6)
	r.grow(0, 6)

	away := errors.New("store is away")
	store.fail(away)
	if err := r.Replace(t.Context(), limited(20), r.commitSoon); !errors.Is(err, away) {
		t.Fatalf("got %v, want that the store is away", err)
	}
	r.grow(0, 3)
	if err := r.Replace(t.Context(), limited(30), r.commitSoon); !errors.Is(err, away) {
		t.Fatalf("once more: got %v, want that the store is away", err)
	}
	store.fail(nil)
	r.run(time.Millisecond, func() { r.awaitUsed("a", 15) })
	if s, _ := r.State("a"); s.Limits[0].Max != 20 {
		t.Errorf("got %+v, want the limit of 20", s)
	}
	if got := r.grow(0, 5); !cmp.Equal(got, []int{100}) {
		t.Errorf("20 of 20: crossed %v, want 100", got)
	}
	if err := r.Replace(t.Context(), limited(40), r.commitSoon); err != nil {
		t.Error(err)
	}
}

// A batch is committed while what was used before is being read.
func TestCommitsGoOnWhileUsageIsRead(t *testing.T) {
	now := tracker.HourOf(noon)
	ever := []plan.Plan{{Name: "ever", Deny: true, Limits: []plan.Limit{{Period: plan.Total, Max: 43}}}}
	everybody, one := plan.Set{Plans: ever, Default: "ever"}, plan.Set{Plans: ever, Assigned: map[string]string{"a": "ever", "z": "ever"}}
	for _, c := range []struct {
		what  string
		plans plan.Set
		hour  tracker.Hour // that grows meanwhile
	}{
		{"everybody, the running hour", everybody, now},
		{"everybody, an hour that is being read", everybody, now - 2},
		{"one, the running hour", one, now},
		{"one, an hour that is being read", one, now - 2},
	} {
		store := &memory{}
		r := newRig(t, plan.Set{}, store)
		for _, hour := range []tracker.Hour{now - 1000, now - 2, now - 1, now} {
			r.growIn(hour, 0, 10)
		}
		var once sync.Once
		store.reading = func() {
			once.Do(func() {
				r.growIn(c.hour, 0, 3)
				if s, ok := r.State("a"); !ok || s.Denied {
					t.Errorf("%s: got %+v, want the new plan without its limits", c.what, s)
				}
			})
		}
		if err := r.Replace(t.Context(), c.plans, r.commitSoon); err != nil {
			t.Fatal(err)
		}
		if s, ok := r.State("a"); !ok || s.Limits[0].Used != 43 || !s.Denied {
			t.Errorf("%s: got %+v, want 43 used of 43 and denied", c.what, s)
		}
		r.growIn(now, 0, 1)
		if s, _ := r.State("a"); s.Limits[0].Used != 44 {
			t.Errorf("%s: afterwards got %+v, want 44 used", c.what, s)
		}
	}
}

func TestReloadThatIsToldToStopStops(t *testing.T) {
	r := newRig(t, limited(10), &memory{})
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if err := r.Replace(ctx, limited(20), func() {}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want that it was told to stop", err)
	}
	r.grow(0, 1)
	if s, _ := r.State("a"); s.Limits[0].Max != 10 {
		t.Errorf("got %+v: plans came that nobody waited for", s)
	}
}

// run has the Enforcer run while f does, which tries again after pause what could not
// be read.
func (r *rig) run(pause time.Duration, f func()) {
	r.fillPause = pause
	ctx, stop := context.WithCancel(r.t.Context())
	var all sync.WaitGroup
	all.Go(func() { r.Run(ctx) })
	defer all.Wait()
	defer stop()
	f()
}

// awaitUsed waits until a customer is known to have used that much of its limit.
func (r *rig) awaitUsed(customer string, want uint64) {
	r.t.Helper()
	deadline := time.After(patience)
	for {
		s, ok := r.State(customer)
		if ok && len(s.Limits) == 1 && s.Limits[0].Used == want {
			return
		}
		select {
		case <-deadline:
			r.t.Fatalf("within %v: %+v, want %d used", patience, s, want)
		case <-time.After(time.Millisecond):
		}
	}
}
