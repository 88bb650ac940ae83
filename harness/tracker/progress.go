package tracker

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// progress is how far commits have come.
type progress struct {
	mu      sync.Mutex
	durable uint64        // what was applied up to here is committed
	failed  error         // of the last commit, nil if it succeeded
	since   time.Time     // when failed was first set
	changed chan struct{} // closed when any of these changes
	state   CommitState
}

// CommitState is what became of the commits so far.
type CommitState struct {
	Commits  uint64        // that succeeded
	Failures uint64        // each is tried again
	Entries  uint64        // that were committed, an entry each time that it had changed
	Last     time.Duration // that the last one took, whether it succeeded or not
	Largest  int           // entries of one commit
}

// wait returns nil when what the ticket stands for is durable. It fails when ctx ends,
// or after a patience that is not zero.
func (p *progress) wait(ctx context.Context, ticket uint64, patience time.Duration) error {
	var expired <-chan time.Time
	for {
		p.mu.Lock()
		durable, failed, changed := p.durable, p.failed, p.changed
		p.mu.Unlock()
		if durable >= ticket {
			return nil
		}
		if expired == nil && patience > 0 {
			timer := time.NewTimer(patience)
			defer timer.Stop()
			expired = timer.C
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		case <-expired:
			if failed != nil {
				return fmt.Errorf("nothing was committed: %w", failed)
			}
			return fmt.Errorf("no commit within %v", patience)
		}
	}
}

// note tells those who wait what became of a commit.
func (p *progress) note(ticket uint64, err error, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err == nil {
		p.durable = ticket
	} else if p.failed == nil {
		p.since = now
	}
	p.failed = err
	close(p.changed)
	p.changed = make(chan struct{})
}

// tried counts an attempt to commit.
func (p *progress) tried(b *Batch, took time.Duration, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.state.Last = took
	if err != nil {
		p.state.Failures++
		return
	}
	p.state.Commits++
	p.state.Entries += uint64(len(b.Entries))
	p.state.Largest = max(p.state.Largest, len(b.Entries))
}

// failure returns why nothing can be committed and since when; nil if it can.
func (p *progress) failure() (since time.Time, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.since, p.failed
}
