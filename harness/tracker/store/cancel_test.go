package store

import (
	"context"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/haproof/haproof/harness/tracker"
)

// A query whose context ends must not leave its connection looking at the past.
func TestCancelledReadersDoNotSeeThePast(t *testing.T) {
	quick := never
	quick.usageRows = 500 // all is read 80 times
	onBoth(t, func(t *testing.T, r rig) {
		s, sc := mustOpen(t, r.url(t), quick), newScript(51)
		rng := rand.New(rand.NewPCG(5, 1))
		for round := range 40 {
			mustCommit(t, s, sc.batch())
			if round%8 == 7 {
				mustFold(t, s)
			}
			var readers sync.WaitGroup
			for range 8 {
				after := time.Duration(rng.IntN(3000)) * time.Microsecond
				readers.Go(func() {
					ctx, cancel := context.WithTimeout(context.Background(), after)
					defer cancel()
					for ctx.Err() == nil {
						_ = s.Usage(ctx, tracker.UsageQuery{To: tracker.LastHour}, func(tracker.Growth) error { return nil })
						_, _ = s.Messages(ctx, 10)
						_ = s.Load(ctx, &content{})
						_ = s.fold(ctx, s.step)
					}
				})
			}
			readers.Wait()
			mustCommit(t, s, sc.batch())
			for range 8 { // whichever connection they get
				readers.Go(func() {
					var c content
					if err := s.Load(context.Background(), &c); err != nil || len(c.Names) != len(sc.names) {
						t.Errorf("round %d: %d of %d customers, %v", round, len(c.Names), len(sc.names), err)
					}
				})
			}
			readers.Wait()
			mustHold(t, s, sc.model)
			if t.Failed() {
				return
			}
		}
	})
}
