package store

import (
	"context"
	"errors"
	"maps"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/haproof/haproof/harness/harnesstest/realtest"
	"github.com/haproof/haproof/harness/tracker"
)

func TestUsageOlderThanRetentionIsOneSum(t *testing.T) {
	onBoth(t, func(t *testing.T, r rig) {
		ctx, url, sc := context.Background(), r.url(t), newScript(8)
		var c clock
		c.set(firstDay)
		with, o := never, options
		with.now, o.Retention = c.now, 5*time.Hour-time.Minute
		s, err := open(ctx, url, o, with)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { crash(s) }()
		for step := range 60 {
			b := sc.batch()
			c.set(b.At)
			mustCommit(t, s, b)
			if step%4 != 3 {
				continue
			}
			left := step / 2 // cut short at first
			err := s.fold(ctx, func(ctx context.Context, f func(queryer) error) error {
				if left--; left < 0 {
					return errCut
				}
				return s.step(ctx, f)
			})
			if err != nil && !errors.Is(err, errCut) {
				t.Fatal(err)
			}
			// The model sums up what the store says it does not keep.
			kept := s.Stats().Kept
			for at, n := range maps.Clone(sc.usage) {
				if at.hour < kept && at.hour != tracker.FirstHour {
					delete(sc.usage, at)
					sc.usage[slot{at.customer, tracker.FirstHour}] += n
				}
			}
			for _, q := range []tracker.UsageQuery{{From: tracker.FirstHour + 1, To: tracker.LastHour}, {From: kept - 3, To: kept + 2}} {
				if diff := gocmp.Diff(sc.growth(q), usageOf(t, s, q), equateEmpty); diff != "" {
					t.Fatalf("%+v (-want +got):\n%s", q, diff)
				}
			}
			mustHold(t, s, sc.model)
			report := mustVerify(t, url)
			if report.Failures > 0 {
				t.Fatalf("step %d: %q", step, report.Findings)
			}
		}
		mustFold(t, s)
		kept := tracker.HourOf(c.now()) - 5
		if got := s.Stats().Kept; got != kept {
			t.Errorf("kept from hour %d, want %d", got, kept)
		}
		var old int
		if err := s.engine.pool().QueryRow(`SELECT count(*) FROM usage WHERE hour < $1`, int64(kept)).Scan(&old); err != nil || old > 0 {
			t.Errorf("%d rows of older hours, %v", old, err)
		}
		if report := mustVerify(t, url); report.Failures > 0 || report.Before == 0 || report.Kept != kept {
			t.Errorf("%+v", report)
		}
		reader, err := OpenReader(ctx, url, false)
		if err != nil {
			t.Fatal(err)
		}
		defer reader.Close()
		ignore := func(Usage) error { return nil }
		if err := reader.Export(ctx, kept-1, tracker.LastHour, ignore); err == nil {
			t.Error("an export that misses usage was no error")
		}
		if err := reader.Export(ctx, kept, tracker.LastHour, ignore); err != nil {
			t.Error(err)
		}
	})
}

func TestExportIsUsageWithNames(t *testing.T) {
	onBoth(t, func(t *testing.T, r rig) {
		ctx, url, sc := context.Background(), r.url(t), newScript(13)
		s := mustOpen(t, url, never)
		for i := range 50 {
			mustCommit(t, s, sc.batch())
			if i == 30 {
				mustFold(t, s)
			}
		}
		from, to := tracker.HourOf(firstDay)+2, tracker.HourOf(firstDay)+6
		var want, got []Usage
		for _, g := range sc.growth(tracker.UsageQuery{From: from, To: to}) {
			want = append(want, Usage{sc.names[g.Customer], g.Hour, g.N})
		}
		reader, err := OpenReader(ctx, url, false)
		if err != nil {
			t.Fatal(err)
		}
		defer reader.Close()
		if reader.Table != options.Table || reader.Keys != options.Keys {
			t.Errorf("counted with %q and %q", reader.Table, reader.Keys)
		}
		err = reader.Export(ctx, from, to, func(u Usage) error {
			got = append(got, u)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if diff := gocmp.Diff(want, got); diff != "" || len(want) == 0 {
			t.Errorf("%d rows (-want +got):\n%s", len(want), diff)
		}
	})
}

func TestHoursCloseAlthoughNothingComes(t *testing.T) {
	onBoth(t, func(t *testing.T, r rig) {
		var c clock
		c.set(firstDay)
		with := never
		with.now, with.tidyAge = c.now, 2*time.Hour
		s := mustOpen(t, r.url(t), with)
		mustCommit(t, s, &tracker.Batch{Customers: []string{"a"}, Growth: []tracker.Growth{{Hour: tracker.HourOf(firstDay), N: 3}}})
		mustFold(t, s)
		rows := func() (n int) {
			if err := s.engine.pool().QueryRow(`SELECT count(*) FROM usage`).Scan(&n); err != nil {
				t.Fatal(err)
			}
			return n
		}
		if n := rows(); n != 0 {
			t.Fatalf("%d rows of the running hour", n)
		}
		c.set(firstDay.Add(3 * time.Hour))
		deadline := time.After(realtest.Patience)
		for rows() == 0 {
			select {
			case <-deadline:
				t.Fatal("the hour did not close")
			case <-time.After(20 * time.Millisecond):
			}
		}
	})
}

// What SQL sees of finished hours, in the view billing.
func TestBillingIsReadableBySQL(t *testing.T) {
	onBoth(t, func(t *testing.T, r rig) {
		s := mustOpen(t, r.url(t), never)
		hour := tracker.HourOf(time.Date(2026, 2, 1, 13, 0, 0, 0, time.UTC))
		mustCommit(t, s, &tracker.Batch{Customers: []string{"50% \xffoff"}, Growth: []tracker.Growth{{Hour: hour, N: 3}}})
		mustCommit(t, s, &tracker.Batch{Growth: []tracker.Growth{{Hour: hour, N: 4}}})
		mustFold(t, s)
		var when any
		var name string
		var n int
		if err := s.engine.pool().QueryRow(`SELECT hour, customer, n FROM billing`).Scan(&when, &name, &n); err != nil {
			t.Fatal(err)
		}
		if at, ok := when.(time.Time); ok {
			when = at.UTC().Format(time.RFC3339)
		}
		if when != "2026-02-01T13:00:00Z" || name != "50%25 %FFoff" || n != 7 {
			t.Errorf("%v %q %d", when, name, n)
		}
	})
}
