package driver

import (
	"crypto/tls"
	"errors"
	"sync"
	"time"
)

// defaultKept is how many idle connections are kept per pool where the workload
// does not say.
const defaultKept = 256

// pool keeps idle connections that carry attempts for the same place. Which goes
// first is the workload's: the one used last, as in browsers and proxies, so that
// few stay in use, or the one used longest ago.
type pool struct {
	server *server
	config *tls.Config // nil in clear

	mu   sync.Mutex
	idle []*conn // the one used last is the last
	gone int     // of its beginning
}

// take returns an idle connection that still lives, or nil.
func (p *pool) take() *conn {
	for {
		c := p.pop(p.server.habits.oldest)
		if c == nil || c.usable() {
			return c
		}
		_ = c.Close() // the peer ended it: nothing is lost
	}
}

// pop takes out an idle connection, or nil.
func (p *pool) pop(oldest bool) *conn {
	p.mu.Lock()
	defer p.mu.Unlock()
	last := len(p.idle) - 1
	switch {
	case last < p.gone:
		return nil
	case !oldest:
		c := p.idle[last]
		p.idle = p.idle[:last]
		return c
	}
	c := p.idle[p.gone]
	p.idle[p.gone] = nil
	if p.gone++; p.gone > len(p.idle)/2 {
		p.idle = append(p.idle[:0], p.idle[p.gone:]...)
		p.gone = 0
	}
	return c
}

// restsSince returns when the connection used longest ago was used last.
func (p *pool) restsSince() (since time.Time, any bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.gone >= len(p.idle) {
		return time.Time{}, false
	}
	return p.idle[p.gone].rested, true
}

// give keeps a connection for the next attempt, or closes it if there are enough.
func (p *pool) give(c *conn) {
	if p.server.berths != nil {
		c.rested = time.Now()
	}
	p.mu.Lock()
	kept := len(p.idle)-p.gone < p.server.kept
	if kept {
		p.idle = append(p.idle, c)
	}
	p.mu.Unlock()
	if kept {
		p.server.berths.wake()
		return
	}
	_ = c.Close()
}

// close ends all idle connections.
func (p *pool) close() error {
	var errs []error
	for c := p.pop(false); c != nil; c = p.pop(false) {
		errs = append(errs, c.Close())
	}
	return errors.Join(errs...)
}
