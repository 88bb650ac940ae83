package driver

import (
	"sync"
	"time"

	"github.com/haproof/haproof/harness"
)

// tallying is the tally of a whole Drive. Shards count in a tallier of their own,
// which is merged when they are done; whoever has none shares that of the whole. Its
// nil counts nothing, which is what a probe wants.
type tallying struct {
	soft time.Duration

	mu  sync.Mutex
	all *tallier
}

func newTallying(w harness.Workload) *tallying {
	return &tallying{soft: w.SoftStart, all: newTallier(w.SoftStart)}
}

// note counts an attempt that has ended. It may be called from any goroutine.
func (t *tallying) note(a *harness.Attempt, target *Target, end *ending) {
	if t == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.all.add(a, target.Host, &end.phases)
}

// own returns a tallier for one user.
func (t *tallying) own() *tallier {
	if t == nil {
		return nil
	}
	return newTallier(t.soft)
}

// merge adds what such a tallier counted.
func (t *tallying) merge(one *tallier) {
	if t == nil || one == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.all.merge(one)
}

// tell writes the statistics into what a driver says of its work. Nothing may be
// counted any more.
func (t *tallying) tell(driven *harness.Driven) (err error) {
	driven.Statistics, err = t.all.statistics(driven.Routes)
	return err
}
