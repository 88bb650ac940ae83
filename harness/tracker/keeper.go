package tracker

import (
	"context"
	"runtime"
	"sync"
	"time"

	"github.com/haproof/haproof/harness/tracker/drain"
)

const (
	// commitPatience is how long a session waits for the Store before it gives up;
	// HAProxy calls again and tells everything that was not acknowledged.
	commitPatience = 3 * time.Second

	// The pause after a commit that failed, doubled for each further one.
	minCommitPause = 100 * time.Millisecond
	maxCommitPause = 2 * time.Second
)

// Limits learns of growth before it is committed. Its methods are called by one
// goroutine at a time.
type Limits interface {
	// Grow is told by how much customers grew, and returns what is to be committed
	// together with that. names are the customers by number. When it is called, also
	// with no growth at all, everything that it was told before is committed.
	Grow(now time.Time, names []string, growth []Growth) []Message

	// Committed is called when growth and messages are durable.
	Committed(now time.Time)
}

// keeper owns the Counts and makes what they counted durable.
type keeper struct {
	store  Store  // nil keeps nothing
	limits Limits // may be nil
	now    func() time.Time

	mu      sync.Mutex
	counts  *Counts
	counter Counter // nil for the counts themselves
	applied uint64  // grows with every change
	drained DrainTally
	wake    chan struct{}

	progress progress
}

func newKeeper(cfg Config) *keeper {
	k := &keeper{store: cfg.Store, limits: cfg.Limits, now: time.Now, counts: cfg.rules().NewCounts(), wake: make(chan struct{}, 1)}
	if cfg.Counter != nil {
		k.counter = cfg.Counter(k.counts)
	}
	k.progress.changed = make(chan struct{})
	return k
}

// load restores what was stored.
func (k *keeper) load(ctx context.Context) error {
	if k.store == nil {
		return nil
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.store.Load(ctx, k.counts)
}

// change has the counts changed, and returns a ticket to wait for. Whatever change
// does, others can count afterwards.
func (k *keeper) change(change func(*Counts)) (ticket uint64) {
	defer k.kick()
	k.mu.Lock()
	defer k.mu.Unlock()
	k.applied++
	k.counts.Advance(k.now())
	change(k.counts)
	return k.applied
}

// apply counts observations, and returns what they did and why some were refused.
func (k *keeper) apply(observations []Observation) (t Tally, complaints []Complaint, ticket uint64) {
	ticket = k.change(func(c *Counts) {
		k.count(observations, &t)
		if t[Refused] > 0 {
			complaints = c.Complaints()
		}
	})
	return t, complaints, ticket
}

func (k *keeper) count(observations []Observation, t *Tally) {
	if k.counter == nil {
		k.counts.CountAll(observations, t)
		return
	}
	for _, o := range observations {
		t[k.counter.Count(o)]++
	}
}

// drain counts lines of the log, and returns why some were not counted.
func (k *keeper) drain(table string, lines []drain.Line) (complaints []Complaint, ticket uint64) {
	ticket = k.change(func(c *Counts) {
		for _, l := range lines {
			k.drained[c.Drain(table, l)]++
		}
		complaints = c.Complaints()
	})
	return complaints, ticket
}

func (k *keeper) kick() {
	select {
	case k.wake <- struct{}{}:
	default:
	}
}

// run commits whatever there is until ctx ends, and then once more.
func (k *keeper) run(ctx context.Context) error {
	var b Batch
	tick := time.NewTicker(retireEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			k.kick()
			continue
		case <-k.wake:
			if err := k.commit(ctx, &b); err == nil {
				continue
			}
		case <-ctx.Done():
		}
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), commitPatience)
		defer cancel()
		return k.commit(last, &b)
	}
}

// commit takes a batch and commits it, again and again until there is nothing left
// or ctx ends. b is not empty if an earlier call did not succeed: then that goes
// first.
func (k *keeper) commit(ctx context.Context, b *Batch) error {
	for {
		if b.Empty() && !k.take(b) {
			return nil
		}
		if err := k.insist(ctx, b); err != nil {
			return err
		}
		*b = Batch{Entries: b.Entries[:0], Growth: b.Growth[:0]}
		// Those who waited go first. The next commit holds this processor while the disk
		// works, and what they do now can be part of it.
		runtime.Gosched()
	}
}

// take fills a batch. It is false if there is nothing to commit.
func (k *keeper) take(b *Batch) bool {
	k.mu.Lock()
	now := k.now()
	k.counts.Advance(now)
	more := k.counts.Retire()
	ticket := k.applied
	k.counts.Take(b, now)
	names := k.counts.customers.list(0)
	k.mu.Unlock()
	b.ticket = ticket
	if k.limits != nil {
		b.Messages = k.limits.Grow(b.At, names, b.Growth)
	}
	if more {
		k.kick()
	}
	if b.Empty() {
		k.progress.note(ticket, nil, now)
		return false
	}
	return true
}

// insist commits one batch, whatever it takes, until ctx ends.
func (k *keeper) insist(ctx context.Context, b *Batch) error {
	for pause := minCommitPause; ; pause = min(2*pause, maxCommitPause) {
		began := k.now()
		var err error
		if k.store != nil {
			err = k.store.Commit(ctx, b)
		}
		now := k.now()
		k.progress.tried(b, now.Sub(began), err)
		k.progress.note(b.ticket, err, now)
		if err == nil {
			if k.limits != nil {
				k.limits.Committed(b.At)
			}
			return nil
		}
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return err
		}
	}
}
