package harnesstest

import (
	"time"

	"github.com/haproof/haproof/harness"
)

// Question is what the proxy of a site knows when it decides about an attempt of a
// customer.
type Question struct {
	Held   bool // the customer has a limit within reach
	UsedUp bool // and has used it up
	At     time.Duration
	Since  time.Duration // when the limit was used up
}

// Denier says whether the proxy denies an attempt, as its tracker taught it.
type Denier func(Question) bool

// HonestDenier denies whoever has used up a limit, from 20 ms later on.
func HonestDenier(q Question) bool { return LateDenier(20 * time.Millisecond)(q) }

// LateDenier takes its time.
func LateDenier(after time.Duration) Denier {
	return func(q Question) bool { return q.Held && q.UsedUp && q.At >= q.Since+after }
}

// NoDenier is a tracker that teaches nothing.
func NoDenier(Question) bool { return false }

// EagerDenier denies everybody who has a limit.
func EagerDenier(q Question) bool { return q.Held }

// BlindDenier denies everybody.
func BlindDenier(Question) bool { return true }

// Forgetting is a denier whose tracker is gone for a time.
func Forgetting(d Denier, from, to time.Duration) Denier {
	return func(q Question) bool { return d(q) && (q.At < from || q.At >= to) }
}

// Limit holds the customers of a site to limits. To be called before it serves.
func (s *Site) Limit(limits harness.Limits, d Denier) {
	s.limits, s.denier, s.usedUp = &limits, d, map[string]time.Duration{}
}

// Deny says whether the proxy denies a customer's attempt that arrives at the time.
func (s *Site) Deny(customer string, at time.Duration) bool {
	if s.denier == nil {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	since, usedUp := s.usedUp[customer]
	if !usedUp && s.counts[harness.WitnessStickTable][customer] >= s.limits.Total {
		since, usedUp = at, true
		s.usedUp[customer] = at
	}
	return s.denier(Question{Held: s.limits.Hold(customer), UsedUp: usedUp, At: at, Since: since})
}
