package driver

import (
	"testing"
	"time"
)

// TestArrearsAreCaughtUpSlowly: a client that was frozen sends what it owes at twice the rate and
// not in one moment; one that is often held up for a moment keeps its rate; and a pause in the
// schedule costs nobody anything.
func TestArrearsAreCaughtUpSlowly(t *testing.T) {
	const (
		gap    = time.Millisecond
		period = 201 * time.Millisecond
		pause  = time.Minute
	)
	regular := func(k int) time.Duration { return time.Duration(k) * gap }
	for name, c := range map[string]struct {
		due    func(k int) time.Duration
		runs   func(now time.Duration) time.Duration // when the client runs again, now if it does
		atOnce int                                   // attempts that leave in one moment, at most
		level  time.Duration                         // when nothing is owed any more, at the latest
		late   time.Duration                         // that any attempt leaves, at most
	}{
		"OneFreeze": {regular, func(now time.Duration) time.Duration { return max(now, time.Second) }, 202, 1700 * time.Millisecond, time.Second},
		"ManyMoments": {regular, func(now time.Duration) time.Duration {
			if held := period - time.Millisecond - now%period; held > 0 && now < 50*period {
				return now + held
			}
			return now
		}, 201, 50 * period, period},
		"AfterAPause": {func(k int) time.Duration {
			if k == 0 {
				return 0
			}
			return pause + regular(k)
		}, func(now time.Duration) time.Duration {
			if now < pause {
				return now
			}
			return max(now, pause+150*time.Millisecond)
		}, 150, pause + 150*time.Millisecond, 150 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			var r arrears
			var level, late time.Duration
			var most, here, k int
			for now := c.runs(0); c.due(k) < 2*pause; {
				due := c.due(k)
				switch until := r.until(due, now-due, now); {
				case due > now:
					now, here = c.runs(due), 0
				case until > now:
					now, here = c.runs(until), 0
				default:
					if r.leaves(due, now-due, now); now-due > gap {
						level = now
					}
					k, here = k+1, here+1
					most, late = max(most, here), max(late, now-due)
				}
			}
			if most > c.atOnce || level > c.level || late > c.late {
				t.Errorf("%d at once, level after %v, late by up to %v", most, level, late)
			}
		})
	}
}
