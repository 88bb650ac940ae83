package store

import (
	"context"
	"errors"
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
		s := mustOpen(t, url, settings{foldStates: 4000, foldRows: 7, foldAge: 1 << 60, maxStates: 8000, tidyAge: 1 << 60, now: time.Now})
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
		s := mustOpen(t, r.url(t), settings{foldStates: 40, foldRows: 1 << 30, foldAge: 1 << 60, maxStates: 80, tidyAge: 1 << 60, now: time.Now})
		for range 200 {
			mustCommit(t, s, sc.batch())
			if got := s.Stats().States; got >= 80+2*50+1500 {
				t.Fatalf("%d cells in the journal", got)
			}
		}
		mustHold(t, s, sc.model)
	})
}
