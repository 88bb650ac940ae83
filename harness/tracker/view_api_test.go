package tracker

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/haproof/haproof/harness/harnesstest/realtest"
	"github.com/haproof/haproof/harness/peers"
)

// moody is a Store that commits nothing while it is told so.
type moody struct {
	Store
	full atomic.Bool
}

func (m *moody) Load(context.Context, State) error { return nil }

func (m *moody) Commit(context.Context, *Batch) error {
	if m.full.Load() {
		return errors.New("disk is full")
	}
	return nil
}

func TestTotalsNowSayWhetherTheyAreDurable(t *testing.T) {
	store := &moody{}
	s := serving(t, Config{Store: store})
	p := call(t, s, "proxy1", 7)
	p.Push(1, quota, "a|1", 5, "b|1", 7)
	got, durable := s.TotalsNow(Totals{})
	if got.Total != 12 || !durable {
		t.Errorf("got %+v, durable %v, want 12 that are", got, durable)
	}
	if names := s.Names(); !slices.Equal(names, got.Names) || len(names) != 2 {
		t.Errorf("got names %q, want those of the totals, %q", names, got.Names)
	}
	if _, err := s.StoreFailure(); err != nil || !s.Stored() {
		t.Errorf("got %v, stored %v, want a store that is well", err, s.Stored())
	}
	store.full.Store(true)
	before := time.Now()
	table := quota
	p.Write((&peers.Update{Table: &table, ID: 2, Key: []byte("a|1"), Values: []uint64{6}}).AppendTo(nil))
	realtest.Until(t, "counted", func() bool {
		got, durable = s.TotalsNow(got)
		return got.Total == 13
	})
	if durable {
		t.Error("what was not committed is said to be durable")
	}
	realtest.Until(t, "the failure is known", func() bool {
		since, err := s.StoreFailure()
		return err != nil && !since.Before(before)
	})
	store.full.Store(false)
	realtest.Until(t, "committed", func() bool {
		got, durable = s.TotalsNow(got)
		_, err := s.StoreFailure()
		return durable && got.Total == 13 && err == nil
	})
}
