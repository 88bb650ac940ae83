package simproxy

import (
	"context"
	"errors"
	"time"
)

var (
	errReplaced = errors.New("process has been replaced")
	errCrashed  = errors.New("process has crashed")
)

// Reload replaces the process, whose sessions are cut at once and whose Run has
// returned when Reload does. The process it returns, not yet running, has empty
// counters of the new generation, counts and pushes them from the start of its Run,
// and after Config.LearnAfter, or Learn, learns from the old one: what that counted and
// what it had learned itself. With plain keys, generation being empty, what it learns
// overwrites what it has counted by then.
func (p *Proxy) Reload(generation string) *Proxy {
	next := p.replace(errReplaced, generation)
	next.teaches, next.section = true, learningLocal
	return next
}

// Learn has a reloaded process learn now, and not only after Config.LearnAfter. It may
// be called at any time, and does nothing to a process that has learned or has nothing
// to learn.
func (p *Proxy) Learn() { p.called.Do(func() { close(p.due) }) }

// Crash ends the process as SIGKILL does and returns the one that is started in its
// place. It is not yet running and knows nothing; nobody remembers the table.
func (p *Proxy) Crash(generation string) *Proxy {
	return p.replace(errCrashed, generation)
}

func (p *Proxy) replace(why error, generation string) *Proxy {
	p.mu.Lock()
	p.stopped = why
	cancel := p.cancel
	p.cond.Broadcast()
	p.mu.Unlock()
	if cancel != nil {
		cancel()
		<-p.done
	}
	cfg := p.cfg
	cfg.Generation = generation
	cfg.PID++
	next := newProxy(cfg, p.roster)
	next.before = p
	return next
}

// learn takes what the old process teaches. One that has not learned everything
// itself does not teach; then a tracker is asked.
func (p *Proxy) learn(ctx context.Context) {
	timer := time.NewTimer(p.cfg.LearnAfter)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	case <-p.due:
	}
	if ctx.Err() != nil {
		return
	}
	entries, books, complete := p.before.lesson()
	p.mu.Lock()
	defer p.mu.Unlock()
	defer p.cond.Broadcast()
	if !complete {
		p.section = learningRemote
		p.askForResync()
		return
	}
	for _, e := range entries {
		p.table.learn(books[e.book].generation, e.customer, e.value)
	}
	p.section = finished
	p.wake()
}

// lesson returns a copy of the live entries.
func (p *Proxy) lesson() (entries []entry, books []book, complete bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.section != finished {
		return nil, nil, false
	}
	for _, e := range p.table.entries {
		if !e.dead {
			entries = append(entries, e)
		}
	}
	return entries, p.table.books, true
}
