package driver

import (
	"errors"
	"sync"
)

// defaultKept is how many idle connections are kept per pool where the workload
// does not say.
const defaultKept = 256

// pool keeps idle connections that carry attempts for the same place. The most
// recently used goes first, as in browsers and proxies, so few stay in use.
type pool struct {
	mu   sync.Mutex
	idle []*conn
	kept int
}

// take returns an idle connection that still lives, or nil.
func (p *pool) take() *conn {
	for {
		c := p.pop()
		if c == nil || c.usable() {
			return c
		}
		_ = c.Close() // the peer ended it: nothing is lost
	}
}

func (p *pool) pop() *conn {
	p.mu.Lock()
	defer p.mu.Unlock()
	last := len(p.idle) - 1
	if last < 0 {
		return nil
	}
	c := p.idle[last]
	p.idle = p.idle[:last]
	return c
}

// give keeps a connection for the next attempt, or closes it if there are enough.
func (p *pool) give(c *conn) {
	p.mu.Lock()
	if len(p.idle) < p.kept {
		p.idle = append(p.idle, c)
		c = nil
	}
	p.mu.Unlock()
	if c != nil {
		_ = c.Close()
	}
}

// close ends all idle connections.
func (p *pool) close() error {
	var errs []error
	for c := p.pop(); c != nil; c = p.pop() {
		errs = append(errs, c.Close())
	}
	return errors.Join(errs...)
}
