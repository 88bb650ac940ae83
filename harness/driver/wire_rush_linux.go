//go:build amd64 || arm64

package driver

import (
	"sync"

	"github.com/haproof/haproof/harness"
)

// rush sends the attempts over TLS, each in a goroutine by the client that other
// drivers use too. Its goroutines are kept for further attempts.
type rush struct {
	engagement *engagement
	out        chan<- harness.Attempt
	errands    chan errand
	all        sync.WaitGroup
}

// errand is one attempt for one of the goroutines.
type errand struct {
	k    uint64
	from *shard
}

func newRush(e *engagement, out chan<- harness.Attempt) *rush {
	return &rush{engagement: e, out: out, errands: make(chan errand)}
}

// send has an attempt sent at once. It never waits.
func (r *rush) send(first errand) {
	select {
	case r.errands <- first:
		return
	default:
	}
	r.all.Go(func() {
		r.do(first)
		for next := range r.errands {
			r.do(next)
		}
	})
}

func (r *rush) do(e errand) {
	a := r.engagement.attempt(e.k)
	e.from.relieve()
	r.out <- a
}

// wait returns when nothing is in flight. Nothing may be sent any more.
func (r *rush) wait() {
	close(r.errands)
	r.all.Wait()
}
