package driver

import (
	"errors"
	"os"
	"slices"
	"sync"
	"time"
)

// h2Pool is the connections to one endpoint for one host. An attempt goes to the one
// with the fewest others. Where all that may be open carry as many as the peer takes,
// attempts wait, the first come first.
type h2Pool struct {
	open    func(deadline time.Time) (*h2Conn, phases, stage, error)
	most    int
	carries uint64 // attempts per connection; 0 for any number

	mu      sync.Mutex
	conns   []*h2Conn       // those that take further attempts
	opening *h2Opening      // at most one at a time
	waiting []chan struct{} // attempts that wait for a stream
}

// h2Opening is a connection that one attempt opens and others wait for.
type h2Opening struct {
	done chan struct{}
	at   stage
	err  error
}

// take returns a connection that has a stream to spare, for one attempt. The stage says
// how far a new one came, and took how long it took, where it was opened for this attempt.
func (p *h2Pool) take(deadline time.Time) (c *h2Conn, took phases, at stage, err error) {
	var turn chan struct{} // what this attempt has waited for
	for {
		var opening *h2Opening
		var mine bool
		c, opening, mine, turn = p.choose(turn)
		switch {
		case c != nil:
			return c, took, exchanging, nil
		case mine:
			return p.connect(opening, deadline, p.use)
		case opening != nil:
			if !awaitUntil(opening.done, deadline) {
				return nil, took, handshaking, os.ErrDeadlineExceeded
			}
			// What it failed of this attempt would fail of too, unless that was patience:
			// this one may have more.
			if opening.err != nil && !timedOut(opening.err) {
				return nil, took, opening.at, opening.err
			}
		case !awaitUntil(turn, deadline):
			p.leave(turn)
			return nil, took, exchanging, os.ErrDeadlineExceeded
		}
	}
}

// choose finds a connection, else says what to wait for: one that is being opened, by
// the caller itself where it is mine, or a turn. An attempt that had a turn already
// keeps its place in front of the others.
func (p *h2Pool) choose(had chan struct{}) (c *h2Conn, opening *h2Opening, mine bool, turn chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if had != nil || len(p.waiting) == 0 {
		c = p.roomiest()
	}
	switch {
	case c != nil && (c.users == 0 || len(p.conns) >= p.most || p.opening != nil):
		p.use(c)
		return c, nil, false, nil
	case len(p.conns) < p.most && p.opening == nil:
		p.opening = &h2Opening{done: make(chan struct{})}
		return nil, p.opening, true, nil
	case p.opening != nil:
		return nil, p.opening, false, nil
	}
	turn = make(chan struct{})
	if had != nil {
		p.waiting = slices.Insert(p.waiting, 0, turn)
	} else {
		p.waiting = append(p.waiting, turn)
	}
	return nil, nil, false, turn
}

// roomiest returns the connection with the fewest attempts that takes another, and
// drops those that take no more.
func (p *h2Pool) roomiest() *h2Conn {
	var best *h2Conn
	p.conns = slices.DeleteFunc(p.conns, func(c *h2Conn) bool {
		open, streams := c.takes()
		if open && c.users == 0 && c.hungUp() {
			open = false
		}
		if !open {
			p.retire(c)
			return true
		}
		if c.users < streams && (best == nil || c.users < best.users) {
			best = c
		}
		return false
	})
	return best
}

// use counts an attempt on a connection, which may be its last.
func (p *h2Pool) use(c *h2Conn) {
	c.users++
	if c.carried++; c.carried == p.carries {
		c.retired = true
		p.conns = slices.DeleteFunc(p.conns, func(other *h2Conn) bool { return other == c })
	}
}

// retire has a connection end as soon as nobody uses it.
func (p *h2Pool) retire(c *h2Conn) {
	if c.retired = true; c.users == 0 {
		c.fail(errH2Closing)
	}
}

// warm opens the first connection before any attempt needs it.
func (p *h2Pool) warm(deadline time.Time) error {
	p.mu.Lock()
	opening := &h2Opening{done: make(chan struct{})}
	needed := len(p.conns) == 0 && p.opening == nil
	if needed {
		p.opening = opening
	}
	p.mu.Unlock()
	if !needed {
		return nil
	}
	_, _, _, err := p.connect(opening, deadline, func(*h2Conn) {})
	return err
}

// connect opens a connection, uses it and tells those that wait for it.
func (p *h2Pool) connect(opening *h2Opening, deadline time.Time, use func(*h2Conn)) (*h2Conn, phases, stage, error) {
	c, took, at, err := p.open(deadline)
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.opening = nil; err == nil {
		p.conns = append(p.conns, c)
		use(c)
	}
	opening.at, opening.err = at, err
	close(opening.done)
	p.wake(len(p.waiting))
	return c, took, at, err
}

// release takes back a connection that an attempt has used.
func (p *h2Pool) release(c *h2Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if c.users--; c.retired {
		p.retire(c)
	}
	p.wake(1)
}

// wake lets the first n of those that wait look again.
func (p *h2Pool) wake(n int) {
	n = min(n, len(p.waiting))
	for _, turn := range p.waiting[:n] {
		close(turn)
	}
	p.waiting = slices.Delete(p.waiting, 0, n)
}

func (p *h2Pool) wakeAll() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.wake(len(p.waiting))
}

// leave gives up waiting. A turn that came too late is another's.
func (p *h2Pool) leave(turn chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if i := slices.Index(p.waiting, turn); i >= 0 {
		p.waiting = slices.Delete(p.waiting, i, i+1)
		return
	}
	p.wake(1)
}

// close ends all connections.
func (p *h2Pool) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.conns {
		c.fail(errH2Closing)
	}
}

// awaitUntil says whether done came before the deadline.
func awaitUntil(done <-chan struct{}, deadline time.Time) bool {
	patience := time.NewTimer(time.Until(deadline))
	defer patience.Stop()
	select {
	case <-done:
		return true
	case <-patience.C:
		return false
	}
}

func timedOut(err error) bool { return errors.Is(err, os.ErrDeadlineExceeded) }
