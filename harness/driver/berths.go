package driver

import (
	"os"
	"sync"
	"time"
)

// berths limits how many connections a client has open, all endpoints and hosts
// together. It is safe for concurrent use; nil means no limit.
type berths struct {
	most int

	mu      sync.Mutex
	open    int
	pools   []*pool
	changed chan struct{} // closed when a berth or a connection may have become free
}

func newBerths(most int) *berths {
	if most == 0 {
		return nil
	}
	return &berths{most: most, changed: make(chan struct{})}
}

// add has a pool's idle connections make room for others.
func (b *berths) add(p *pool) {
	if b == nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.pools = append(b.pools, p)
}

// await returns when a connection may be opened, or with one of the pool that has
// become idle meanwhile.
func (b *berths) await(p *pool, deadline time.Time) (*conn, error) {
	if b == nil {
		return nil, nil
	}
	patience := time.NewTimer(time.Until(deadline))
	defer patience.Stop()
	for {
		b.mu.Lock()
		changed, free := b.changed, b.open < b.most
		if free {
			b.open++
		}
		b.mu.Unlock()
		if free {
			return nil, nil
		}
		if c := p.take(); c != nil {
			return c, nil
		}
		if b.evict() {
			continue
		}
		select {
		case <-changed:
		case <-patience.C:
			return nil, os.ErrDeadlineExceeded
		}
	}
}

// evict closes the idle connection that was used longest ago, if there is any.
func (b *berths) evict() bool {
	b.mu.Lock()
	pools := b.pools
	b.mu.Unlock()
	var of *pool
	var oldest time.Time
	for _, p := range pools {
		if since, any := p.restsSince(); any && (of == nil || since.Before(oldest)) {
			of, oldest = p, since
		}
	}
	if of == nil {
		return false
	}
	if c := of.pop(true); c != nil {
		_ = c.Close()
	}
	return true
}

// leave notes that a connection is closed, or was not opened.
func (b *berths) leave() {
	if b == nil {
		return
	}
	b.mu.Lock()
	b.open--
	b.mu.Unlock()
	b.wake()
}

// wake has those look again who wait.
func (b *berths) wake() {
	if b == nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	close(b.changed)
	b.changed = make(chan struct{})
}
