package simproxy

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"sync"
)

// section says how far the process has come with learning what others know.
type section uint8

const (
	finished      section = iota
	learningLocal         // from the process before it
	learningRemote
)

// Proxy is one process of a simulated HAProxy. Its methods may be called from any
// goroutine, before Run as well.
type Proxy struct {
	cfg     Config
	roster  *roster
	before  *Proxy        // the process that this one has replaced, or nil
	teaches bool          // before does
	due     chan struct{} // closed by Learn
	called  sync.Once     // due is closed

	mu      sync.Mutex
	cond    *sync.Cond // something happened that a method may wait for
	table   table
	links   []*link
	section section
	sent    uint64
	taught  map[string]map[string][]uint64
	drained map[string]uint64
	stopped error         // why, nil while the process lives
	cancel  func()        // of Run, nil before it
	done    chan struct{} // closed at the end of Run
}

// New returns a process that has just started and knows nothing.
func New(cfg Config) *Proxy { return newProxy(cfg, newRoster()) }

// Fleet returns so many of them, named with numbers from 1 behind cfg.Name.
func Fleet(size int, cfg Config) []*Proxy {
	fleet, names := make([]*Proxy, size), newRoster()
	for i := range fleet {
		one := cfg
		one.Name = fmt.Sprintf("%s%d", cfg.Name, i+1)
		one.Seed += uint64(i)
		fleet[i] = newProxy(one, names)
	}
	return fleet
}

func newProxy(cfg Config, names *roster) *Proxy {
	cfg = cfg.withDefaults()
	p := &Proxy{
		cfg: cfg, roster: names, table: newTable(cfg.Generation, cfg.FirstID), section: learningRemote,
		taught: make(map[string]map[string][]uint64), drained: make(map[string]uint64), done: make(chan struct{}),
		due: make(chan struct{}),
	}
	p.cond = sync.NewCond(&p.mu)
	for _, addr := range cfg.Addrs {
		p.links = append(p.links, &link{proxy: p, addr: addr})
	}
	if len(p.links) == 0 {
		p.links = append(p.links, &link{proxy: p})
	}
	return p
}

// Inc counts n answers for the customer. In a process that has been replaced they
// are Drained; in one that has crashed there are none. A key must fit Config.KeyLen.
func (p *Proxy) Inc(customer string, n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case errors.Is(p.stopped, errReplaced):
		p.drained[customer] += uint64(n)
	case p.stopped == nil:
		p.table.inc(p.roster.number(customer), uint64(n))
		p.wake()
	}
}

// Purge makes the table lose the customer's entry of this generation, as it does to
// make room for others. Nobody is told.
func (p *Proxy) Purge(customer string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.table.purge(p.roster.number(customer))
}

// Clear makes the table lose everything, like `clear table`. Nobody is told.
func (p *Proxy) Clear() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.table.clear()
}

// Cut breaks the connections. They are made again after Config.Redial.
func (p *Proxy) Cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, l := range p.links {
		if l.conn != nil {
			l.conn.hangUp()
		}
	}
}

// Truth returns what was counted per customer by this process and those before it,
// told or not, whatever became of the entries.
func (p *Proxy) Truth() map[string]uint64 {
	return p.sum(func(p *Proxy) []uint64 { return p.table.truth })
}

// Acked returns how much of that the tracker has acknowledged: the i-th of
// Config.Addrs, or the one that calls. What HAProxy overwrites at a reload with plain
// keys is not known to it.
func (p *Proxy) Acked(i int) map[string]uint64 {
	return p.sum(func(p *Proxy) []uint64 { return p.links[i].promised() })
}

// sum adds the counts of this process and those before it.
func (p *Proxy) sum(counts func(*Proxy) []uint64) map[string]uint64 {
	all := make(map[string]uint64)
	for ; p != nil; p = p.before {
		p.mu.Lock()
		names := p.roster.list()
		for customer, n := range counts(p) {
			if n > 0 {
				all[names[customer]] += n
			}
		}
		p.mu.Unlock()
	}
	return all
}

// Drained returns what this process was told to count after it had been replaced:
// what HAProxy logs instead.
func (p *Proxy) Drained() map[string]uint64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return maps.Clone(p.drained)
}

// Taught returns what trackers have taught, by the name of the table as on the wire:
// for each key the values that were taught last.
func (p *Proxy) Taught() map[string]map[string][]uint64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	all := make(map[string]map[string][]uint64, len(p.taught))
	for table, entries := range p.taught {
		all[table] = maps.Clone(entries)
	}
	return all
}

// Sent returns how many live updates have been sent, to all trackers together.
func (p *Proxy) Sent() uint64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.sent
}

// Idle waits until every tracker has acknowledged everything. It fails when ctx ends
// before that, with what was missing, and when it cannot happen any more.
func (p *Proxy) Idle(ctx context.Context) error {
	return p.await(ctx, (*link).idle)
}

// await waits until every link is as it should be.
func (p *Proxy) await(ctx context.Context, ok func(*link) bool) error {
	stop := context.AfterFunc(ctx, func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.cond.Broadcast()
	})
	defer stop()
	p.mu.Lock()
	defer p.mu.Unlock()
	for {
		var missing error
		for _, l := range p.links {
			if !ok(l) {
				missing = fmt.Errorf("%s: %v", p.cfg.Name, l)
				break
			}
		}
		if missing == nil {
			return nil
		}
		if err := errors.Join(ctx.Err(), p.stopped); err != nil {
			return fmt.Errorf("%w: %w", err, missing)
		}
		if err := p.refused(); err != nil {
			return err
		}
		p.cond.Wait()
	}
}

// refused is the error of a tracker that will not be called again.
func (p *Proxy) refused() error {
	for _, l := range p.links {
		if l.refusal != 0 {
			return fmt.Errorf("%s: tracker %s answered %d: it is not called again", p.cfg.Name, l.addr, l.refusal)
		}
	}
	return nil
}

// askForResync asks one tracker, if the process still knows nothing.
func (p *Proxy) askForResync() {
	if p.section != learningRemote {
		return
	}
	for _, l := range p.links {
		if l.learning {
			return
		}
	}
	for _, l := range p.links {
		if l.conn != nil && !l.asked {
			l.ask()
			return
		}
	}
}

func (p *Proxy) wake() {
	for _, l := range p.links {
		if l.conn != nil {
			l.conn.wake()
		}
	}
}
