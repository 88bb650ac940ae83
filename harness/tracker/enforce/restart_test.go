package enforce

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/haproof/haproof/harness/tracker"
	"github.com/haproof/haproof/harness/tracker/plan"
	"github.com/haproof/haproof/harness/tracker/store"
)

// The hours in which it used its limit are not kept one by one any more.
func TestCustomerOverItsTotalStaysDeniedAfterRetentionAndRestart(t *testing.T) {
	now := time.Now()
	path := filepath.Join(t.TempDir(), "tracker.db")
	open := func() *store.Store {
		s, err := store.Open(t.Context(), path, store.Options{Table: "quota", Keys: "generation", Retention: time.Hour})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	s := open()
	old := tracker.HourOf(now) - 100
	err := s.Commit(t.Context(), &tracker.Batch{At: now, Customers: customers, Growth: []tracker.Growth{
		{Customer: 0, Hour: old, N: 60}, {Customer: 0, Hour: old + 1, N: 39}, {Customer: 0, Hour: old + 100, N: 1}, {Customer: 1, Hour: old, N: 99},
	}})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}

	s = open()
	defer s.Close()
	if kept := s.Stats().Kept; kept <= old+1 {
		t.Fatalf("usage is kept from hour %d on: nothing was summed up", kept)
	}
	plans := plan.Set{Default: "ever", Plans: []plan.Plan{{Name: "ever", Deny: true, Limits: []plan.Limit{{Period: plan.Total, Max: 100}}}}}
	e, err := New(Config{Plans: plans, Table: Table{Name: "plan", Length: 64, Refresh: time.Hour}, Store: s})
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Restore(t.Context(), customers); err != nil {
		t.Fatal(err)
	}
	for customer, want := range map[string]struct {
		used   uint64
		denied bool
	}{"a": {100, true}, "b": {99, false}} {
		if got, ok := e.State(customer); !ok || got.Limits[0].Used != want.used || got.Denied != want.denied {
			t.Errorf("%s: got %+v, want %d used of 100, denied: %t", customer, got, want.used, want.denied)
		}
	}
}
