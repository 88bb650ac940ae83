package store

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/haproof/haproof/harness/tracker"
)

func TestStoreHoldsWhatWasCommitted(t *testing.T) {
	onBoth(t, func(t *testing.T, r rig) {
		url, sc := r.url(t), newScript(1)
		s := mustOpen(t, url, never)
		for range 40 {
			mustCommit(t, s, sc.batch())
		}
		mustHold(t, s, sc.model)
		mustFold(t, s)
		mustHold(t, s, sc.model)
		for range 10 {
			mustCommit(t, s, sc.batch())
		}
		mustHold(t, s, sc.model) // half table, half journal
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		s = mustOpen(t, url, never)
		mustHold(t, s, sc.model)
		if got := s.Stats(); got.Rows != 0 || got.Batches != 50 {
			t.Errorf("after Close: %+v, want an empty journal of 50 batches", got)
		}
	})
}

// The stepper is cut after some transactions of a fold, then the store is opened
// again, folds on, is cut again.
func TestFoldCutShortAnywhereLosesAndRepeatsNothing(t *testing.T) {
	onBoth(t, func(t *testing.T, r rig) {
		for seed := range uint64(3) {
			url, sc := r.url(t), newScript(seed)
			rng := rand.New(rand.NewPCG(seed, 9))
			s := mustOpen(t, url, never)
			cuts := 0
			for range 25 {
				for range 3 {
					mustCommit(t, s, sc.batch())
				}
				left := rng.IntN(25)
				err := s.fold(context.Background(), func(ctx context.Context, f func(tx queryer) error) error {
					if left--; left < 0 {
						return errCut
					}
					return s.step(ctx, f)
				})
				if errors.Is(err, errCut) {
					cuts++
				} else if err != nil {
					t.Fatal(err)
				}
				if report := mustVerify(t, url); report.Failures > 0 {
					t.Fatalf("seed %d: %q", seed, report.Findings)
				}
				crash(s)
				s = mustOpen(t, url, never)
				mustHold(t, s, sc.model)
			}
			mustFold(t, s)
			mustHold(t, s, sc.model)
			t.Logf("seed %d: cut %d times", seed, cuts)
		}
	})
}

var errCut = errors.New("cut")

func TestFoldBesideCommits(t *testing.T) {
	onBoth(t, func(t *testing.T, r rig) {
		url, sc := r.url(t), newScript(11)
		s := mustOpen(t, url, settings{foldStates: 4000, foldRows: 7, foldAge: 1 << 60, maxStates: 8000, tidyAge: 1 << 60, usageRows: 50, now: time.Now})
		for range 200 {
			mustCommit(t, s, sc.batch())
		}
		mustHold(t, s, sc.model)
		if s.Stats().Folds == 0 {
			t.Error("nothing was folded")
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if report := mustVerify(t, url); report.Failures > 0 {
			t.Error(report.Findings)
		}
	})
}

func TestCloseInTheMiddleOfAFoldFinishesIt(t *testing.T) {
	onBoth(t, func(t *testing.T, r rig) {
		url, sc := r.url(t), newScript(12)
		with := never
		with.foldRows = 1
		for range 20 {
			s := mustOpen(t, url, with)
			mustHold(t, s, sc.model)
			for range 3 {
				mustCommit(t, s, sc.batch())
			}
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func TestUsageAnswersAnyQuery(t *testing.T) {
	onBoth(t, func(t *testing.T, r rig) {
		sc := newScript(5)
		s := mustOpen(t, r.url(t), never)
		rng := rand.New(rand.NewPCG(5, 5))
		for i := range 60 {
			mustCommit(t, s, sc.batch())
			if i%20 == 10 {
				mustFold(t, s)
			}
			hour := tracker.HourOf(firstDay) + tracker.Hour(rng.IntN(20)-3)
			q := tracker.UsageQuery{From: hour, To: hour + tracker.Hour(rng.IntN(12))}
			for n := rng.IntN(30); n > 0; n-- {
				q.Customers = append(q.Customers, uint32(rng.IntN(sc.custs)))
			}
			slices.Sort(q.Customers)
			q.Customers = slices.Compact(q.Customers)
			if diff := gocmp.Diff(sc.growth(q), usageOf(t, s, q), equateEmpty); diff != "" {
				t.Fatalf("%+v (-want +got):\n%s", q, diff)
			}
		}
	})
}

// Customers who used next to nothing are followed by some who used it in every hour.
func TestUsageIsReadWhereverItIs(t *testing.T) {
	onBoth(t, func(t *testing.T, r rig) {
		s := mustOpen(t, r.url(t), never)
		b := &tracker.Batch{At: firstDay}
		first := tracker.HourOf(firstDay) - 120
		for n := range uint32(400) {
			b.Customers = append(b.Customers, fmt.Sprint("c", n))
			for hour := range tracker.Hour(100) {
				if n >= 200 && n < 240 || n%50 == 0 && hour == 7 {
					b.Growth = append(b.Growth, tracker.Growth{Customer: n, Hour: first + hour, N: uint64(n) + 1})
				}
			}
		}
		mustCommit(t, s, b)
		mustFold(t, s)
		q := tracker.UsageQuery{From: tracker.FirstHour, To: tracker.LastHour}
		if diff := gocmp.Diff(b.Growth, usageOf(t, s, q)); diff != "" {
			t.Errorf("all (-want +got):\n%s", diff)
		}
		q = tracker.UsageQuery{Customers: []uint32{7, 50, 199, 200, 201, 203}, From: first + 5, To: first + 8}
		want := slices.DeleteFunc(slices.Clone(b.Growth), func(g tracker.Growth) bool {
			return g.Hour < q.From || g.Hour >= q.To || !slices.Contains(q.Customers, g.Customer)
		})
		if diff := gocmp.Diff(want, usageOf(t, s, q)); diff != "" || len(want) != 10 {
			t.Errorf("some (-want +got):\n%s", diff)
		}
	})
}

func TestUsageEndsWithTheErrorOfItsVisitor(t *testing.T) {
	onBoth(t, func(t *testing.T, r rig) {
		s := mustOpen(t, r.url(t), never)
		mustCommit(t, s, &tracker.Batch{Customers: []string{"a"}, Growth: []tracker.Growth{{N: 1, Hour: 5}, {N: 1, Hour: 6}}})
		calls := 0
		err := s.Usage(context.Background(), tracker.UsageQuery{To: tracker.LastHour}, func(tracker.Growth) error {
			calls++
			return errCut
		})
		if !errors.Is(err, errCut) || calls != 1 {
			t.Errorf("%d calls, error %v", calls, err)
		}
	})
}

// The number of a batch whose Commit failed is used again.
func TestBatchThatWasDurableAfterAllIsNotAddedTwice(t *testing.T) {
	onBoth(t, func(t *testing.T, r rig) {
		sc := newScript(3)
		s := mustOpen(t, r.url(t), never)
		mustCommit(t, s, sc.batch())
		b := sc.batch()
		b.Messages = []tracker.Message{{ID: "m", Kind: "k", Body: []byte("{}"), Created: firstDay}}
		insertLikeCommit(t, s, b)
		mustCommit(t, s, b)
		mustHold(t, s, sc.model)
		if m, err := s.Messages(context.Background(), 10); err != nil || len(m) != 1 {
			t.Errorf("%d messages, %v", len(m), err)
		}
		if got := s.Stats().Batches; got != 2 {
			t.Errorf("%d batches, want 2", got)
		}

		insertLikeCommit(t, s, sc.batch())
		if err := s.Commit(context.Background(), newScript(4).batch()); err == nil {
			t.Error("other content under the number of a stored batch was taken")
		}
	})
}

// insertLikeCommit writes a batch as a Commit does whose success nobody heard of.
func insertLikeCommit(t *testing.T, s *Store, b *tracker.Batch) {
	t.Helper()
	body, states, err := s.packer.pack(s.seq+1, b)
	if err == nil {
		err = s.write(context.Background(), s.seq+1, states, body, b)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func TestCommitRefusesWhatItCannotKeep(t *testing.T) {
	onBoth(t, func(t *testing.T, r rig) {
		s := mustOpen(t, r.url(t), never)
		for _, b := range []*tracker.Batch{
			{Growth: []tracker.Growth{{Hour: -1, N: 1}}},
			{Growth: []tracker.Growth{{Hour: maxHour + 1, N: 1}}},
			{Growth: []tracker.Growth{{Hour: 1, N: 1 << 63}}},
		} {
			if err := s.Commit(context.Background(), b); err == nil {
				t.Errorf("%+v was committed", b)
			}
		}
		if got := s.Stats().Batches; got != 0 {
			t.Errorf("%d batches", got)
		}
		mustCommit(t, s, &tracker.Batch{}) // nothing is nothing
		if got := s.Stats().Batches; got != 0 {
			t.Errorf("an empty batch has the number %d", got)
		}
	})
}

func TestCommitWaitsForTheFoldWhenTheJournalIsFull(t *testing.T) {
	onBoth(t, func(t *testing.T, r rig) {
		sc := newScript(9)
		sc.size = 50
		s := mustOpen(t, r.url(t), settings{foldStates: 40, foldRows: 1 << 30, foldAge: 1 << 60, maxStates: 80, tidyAge: 1 << 60, usageRows: 50, now: time.Now})
		for range 200 {
			mustCommit(t, s, sc.batch())
			if got := s.Stats().States; got >= 80+2*50+1500 {
				t.Fatalf("%d cells in the journal", got)
			}
		}
		mustHold(t, s, sc.model)
	})
}
