package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/url"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/haproof/haproof/harness/harnesstest/realtest"
	"github.com/haproof/haproof/harness/tracker"
	"github.com/haproof/haproof/harness/tracker/store"
)

const (
	redial = 5 * time.Millisecond

	// verifyEvery is after how many kills the whole store is checked.
	verifyEvery = 10
)

// siege kills one tracker again and again.
type siege struct {
	*program
	fleet  *fleet
	random *rand.Rand
	lost   map[string]uint64 // by HAProxies that crashed before it was committed
}

// What is on the disk after kill -9 is at least what was acknowledged and at most
// what was counted, whatever moment it hits; nothing can be told again before it is
// read. In the end, with or without HAProxies that lost their tables at the same
// moment, it is exactly what they counted, less what they lost.
func TestKilledTrackerLosesNothingAcknowledgedAndChargesNothingTwice(t *testing.T) {
	tests := []struct {
		name  string
		keys  string
		kills int
		store func(t *testing.T) string
	}{
		{"sqlite/generation", "generation", 110, sqliteStore},
		{"sqlite/plain", "plain", 110, sqliteStore},
		{"postgres/generation", "generation", 10, postgresStore},
		{"postgres/plain", "plain", 10, postgresStore},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			kills := tt.kills
			if testing.Short() {
				kills = kills / 10
			}
			stored := tt.store(t)
			t.Parallel()
			seed := rand.Uint64()
			p := newProgram(t, "tracker", stored, tt.keys)
			s := &siege{program: p, fleet: newFleet(t, tt.keys, 5000, p), random: rand.New(rand.NewPCG(seed, 0)), lost: map[string]uint64{}}
			t.Cleanup(func() {
				if t.Failed() {
					t.Logf("seed %d", seed)
				}
			})
			for i := range kills {
				s.strike(i)
			}
			s.demandExact()
		})
	}
}

func postgresStore(t *testing.T) string { return realtest.ThePostgres(t).NewSchema(t) }

func sqliteStore(t *testing.T) string { return filepath.Join(t.TempDir(), "tracker.db") }

// strike lets the tracker live for a moment and kills it. Sometimes it dies before
// it is ready; else it is under load.
func (s *siege) strike(i int) {
	s.t.Helper()
	before := whole(s.fleet.acked())
	s.start()
	ready := s.random.IntN(6) > 0
	if ready {
		realtest.Await(s.t, "first acknowledgement", func() error {
			if now := whole(s.fleet.acked()); now == before {
				return fmt.Errorf("%d were acknowledged, as before", now)
			}
			return nil
		})
		if s.random.IntN(2) == 0 {
			s.demandBetween("shown", s.counts)
		}
	}
	if s.random.IntN(4) == 0 && s.keys == "generation" {
		s.fleet.reload(s.random.IntN(fleetSize))
	}
	s.live(60 * time.Millisecond)
	if ready && s.random.IntN(5) == 0 { // it has begun to end, and writes what it had put off
		s.terminate()
		s.live(20 * time.Millisecond)
	}
	s.kill()
	s.sessionsEnd()
	crash := s.random.IntN(5) == 0 && s.keys == "generation"
	if crash {
		s.fleet.crash()
	}
	s.demandBetween("stored", s.stored)
	if crash {
		s.lost = difference(s.fleet.truth(), s.stored())
		s.fleet.restart()
	}
	if i%verifyEvery == verifyEvery-1 {
		s.verify()
	}
}

// sessionsEnd waits until the database has ended the sessions of a program that was
// killed: a commit that it had asked for may still be under way.
func (s *siege) sessionsEnd() {
	s.t.Helper()
	u, err := url.Parse(s.store)
	if err != nil {
		s.t.Fatal(err)
	}
	name := u.Query().Get("application_name")
	if name == "" {
		return // SQLite has none
	}
	realtest.Await(s.t, "the sessions of a killed tracker end", func() error {
		n, err := realtest.ThePostgres(s.t).Query("SELECT count(*) FROM pg_stat_activity WHERE application_name = '" + name + "'")
		if err == nil && n != "0" {
			err = fmt.Errorf("%s live", n)
		}
		return err
	})
}

// live waits for a random time.
func (s *siege) live(atMost time.Duration) {
	<-time.After(time.Duration(s.random.Int64N(int64(atMost))))
}

// demandBetween wants what counts returns to be at least what was acknowledged
// before and at most what was counted by then, less what is lost for ever.
func (s *siege) demandBetween(what string, counts func() map[string]uint64) {
	s.t.Helper()
	acked := s.fleet.acked()
	got := counts()
	if err := atMost(acked, got); err != nil {
		s.t.Fatalf("acknowledged and not %s: %v", what, err)
	}
	if err := atMost(got, difference(s.fleet.truth(), s.lost)); err != nil {
		s.t.Fatalf("%s and not counted: %v", what, err)
	}
}

// stored reads what is on the disk. The program may have been killed before it had
// made the store.
func (s *siege) stored() map[string]uint64 {
	s.t.Helper()
	r, err := store.OpenReader(context.Background(), s.store, false)
	if err != nil && whole(s.fleet.acked()) == 0 {
		return map[string]uint64{}
	}
	if err != nil {
		s.t.Fatal(err)
	}
	return everything(s.t, r)
}

// everything is the sum of all hours of a store, which it closes.
func everything(t *testing.T, r *store.Reader) map[string]uint64 {
	t.Helper()
	all := make(map[string]uint64)
	err := r.Export(context.Background(), 0, tracker.LastHour, func(u store.Usage) error {
		all[u.Customer] += u.N
		return nil
	})
	if err := errors.Join(err, r.Close()); err != nil {
		t.Fatal(err)
	}
	return all
}

// demandExact lets everything be told to a last tracker.
func (s *siege) demandExact() {
	s.t.Helper()
	s.start()
	s.fleet.calm()
	realtest.Await(s.t, "all HAProxies have told everything", func() error { return s.told(fleetSize) })
	s.fleet.idle()
	want := difference(s.fleet.truth(), s.lost)
	if diff := cmp.Diff(want, s.counts()); diff != "" {
		s.t.Errorf("shown: %s", diff)
	}
	s.stop()
	s.verify()
	if diff := cmp.Diff(want, s.stored()); diff != "" {
		s.t.Errorf("stored: %s", diff)
	}
	s.t.Logf("%d counted, %d of them lost by HAProxies before they were acknowledged", whole(s.fleet.truth()), whole(s.lost))
}

// difference is a less b, which has nothing that a has not.
func difference(a, b map[string]uint64) map[string]uint64 {
	d := make(map[string]uint64, len(a))
	for customer, n := range a {
		if n > b[customer] {
			d[customer] = n - b[customer]
		}
	}
	return d
}
