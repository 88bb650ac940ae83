//go:build amd64 || arm64

package driver

import (
	"time"

	"github.com/haproof/haproof/harness"
)

// askDue is sendDue where clients are users.
func (s *shard) askDue() (due time.Duration) {
	for range wireBurst {
		if s.finished {
			return forever
		}
		now := s.now()
		due := s.crowd.due(now)
		if s.crowd.blocked {
			s.queue.fills(now)
		}
		switch late := due+s.timeout < now; {
		case s.interrupted.Load(), s.halt.called.Load(), due == forever && s.crowd.done():
			s.finished, s.stopped = true, now
			return forever
		case due > now:
			if !s.crowd.blocked {
				s.queue.rests()
			}
			return due
		case !late && s.full(now):
			return due + s.timeout // nobody waits longer
		case late:
			u, a := s.crowd.take(now)
			a.Queued = s.queue.part(a.Intended, now)
			s.giveUp(&a, u)
		default:
			u, a := s.crowd.take(now)
			a.Queued = s.queue.part(a.Intended, now)
			s.ask(a, u, now)
		}
	}
	return 0
}

// over notes that an attempt has ended: its user, if it has one, thinks about what to ask
// next, and one more may be in flight.
func (s *shard) over(u *user, a *harness.Attempt) {
	s.queue.opens(a.Done)
	if u != nil {
		s.crowd.ended(u, a)
	}
}
