package webhook

import (
	"context"
	"fmt"
	"sync"
	"time"
)

const (
	page = 256 // messages that are asked for at a time

	// maxWalk is about how many messages a walk looks at. So many can fail, each on
	// its own, before they keep later ones from being seen.
	maxWalk = 10_000
)

// walk goes through the outbox once, from the oldest message on.
type walk struct {
	sender   *Sender
	number   uint64
	ctx      context.Context // of Run
	attempts context.Context // of attempts that are under way; ends later

	seen map[string]bool // messages that were looked at
	kept int             // of these, those that are still in the outbox
	more bool            // it came forward: there may be more

	mu   sync.Mutex
	held map[string]bool // customers of whom nothing more is delivered
	next time.Time       // when the first message is due that is not held back
}

func (s *Sender) newWalk(ctx, attempts context.Context) *walk {
	s.walks++
	return &walk{
		sender: s, number: s.walks, ctx: ctx, attempts: attempts,
		seen: make(map[string]bool), held: make(map[string]bool), next: time.Now().Add(poll),
	}
}

// all looks at every message. The error is that of the outbox.
func (w *walk) all() error {
	for len(w.seen) < maxWalk && w.ctx.Err() == nil {
		found, err := w.sender.cfg.Outbox.Undelivered(w.ctx, w.kept+page)
		if err != nil {
			return fmt.Errorf("outbox: %w", err)
		}
		w.sender.noteOldest(found)
		unseen := w.unseen(found)
		if len(unseen) == 0 {
			break
		}
		kept := w.deliver(queues(unseen))
		w.kept += kept
		w.more = w.more || kept < len(unseen)
	}
	if w.ctx.Err() == nil {
		w.sender.troubles.forget(w.number)
	}
	return nil
}

func (w *walk) unseen(found []Message) (unseen []Message) {
	for _, m := range found {
		if !w.seen[m.ID] {
			w.seen[m.ID] = true
			unseen = append(unseen, m)
		}
	}
	return unseen
}

// deliver empties queues, several at a time, and returns how many messages stay.
func (w *walk) deliver(queues []queue) (kept int) {
	work := make(chan queue)
	var lanes sync.WaitGroup
	var mu sync.Mutex
	for range min(w.sender.cfg.Concurrency, len(queues)) {
		lanes.Go(func() {
			for q := range work {
				n := w.empty(q)
				mu.Lock()
				kept += n
				mu.Unlock()
			}
		})
	}
	for _, q := range queues {
		work <- q
	}
	close(work)
	lanes.Wait()
	return kept
}

// empty delivers what it can and returns how many messages stay. What stays for now
// is still seen, so that what is known of it is not forgotten.
func (w *walk) empty(q queue) (kept int) {
	for _, m := range q.messages {
		known := w.sender.troubles.see(m.ID, w.number)
		if w.ctx.Err() != nil || w.isHeld(q.customer) {
			kept++
			continue
		}
		if known, left := w.handle(m, known); !left {
			kept++
			w.keep(q.customer, known)
		}
	}
	return kept
}

func (w *walk) isHeld(customer string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.held[customer]
}

// keep leaves a message for later, and holds those back that come after it of the same
// customer, unless it has failed for too long.
func (w *walk) keep(customer string, known trouble) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if known.next.Before(w.next) {
		w.next = known.next
	}
	tooLong := known.attempts > 0 && time.Since(known.since) >= w.sender.cfg.Hold
	if customer != "" && !tooLong {
		w.held[customer] = true
	}
}
