package enforce

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/haproof/haproof/harness/tracker/plan"
)

func TestUsageThatCannotBeReadAtAReloadIsReadLater(t *testing.T) {
	store := &memory{}
	r := newRig(t, plan.Set{}, store)
	r.grow(0, 6)
	r.grow(0, 6)
	commit := func() { r.Grow(r.clock(), customers, nil); r.Committed(r.clock()) }

	store.broken = errors.New("store is away")
	if err := r.Replace(t.Context(), limited(20), commit); !errors.Is(err, store.broken) {
		t.Fatalf("got %v, want that the store is away", err)
	}
	r.grow(0, 3)
	if err := r.Replace(t.Context(), limited(30), commit); !errors.Is(err, store.broken) {
		t.Fatalf("once more: got %v, want that the store is away", err)
	}
	store.broken = nil
	r.advance(restorePause)
	commit()
	if s, ok := r.State("a"); !ok || len(s.Limits) != 1 || s.Limits[0].Used != 15 || s.Limits[0].Max != 20 {
		t.Errorf("got %+v, want 15 used of 20", s)
	}
	if got := r.grow(0, 5); !cmp.Equal(got, []int{100}) {
		t.Errorf("20 of 20: crossed %v, want 100", got)
	}
	if err := r.Replace(t.Context(), limited(40), commit); err != nil {
		t.Error(err)
	}
}
