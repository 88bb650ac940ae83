package drain

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"
)

// connection is one sender.
type connection struct {
	queue    *queue
	conn     net.Conn
	from     string
	names    []string // sources that it may speak for; nil for all
	timeout  time.Duration
	patience patience
}

// shakeHands turns to TLS, and learns for whom the sender may speak.
func (c *connection) shakeHands(ctx context.Context, cfg *tls.Config) bool {
	secure := tls.Server(c.conn, cfg)
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	if err := secure.HandshakeContext(ctx); err != nil {
		c.queue.note(broken, c.from, fmt.Errorf("TLS handshake: %w", err))
		return false
	}
	c.conn = secure
	if cfg.ClientAuth == tls.RequireAndVerifyClientCert {
		c.names = []string{}
		if chain := secure.ConnectionState().PeerCertificates; len(chain) > 0 {
			c.names = append(chain[0].DNSNames, chain[0].Subject.CommonName)
		}
	}
	return true
}

// readAll returns nil when the connection ends between two messages.
func (c *connection) readAll(limit int) error {
	f := newFramer(c.conn, limit)
	for {
		if !f.buffered() {
			c.patience.until(time.Time{})
		}
		if f.begin() != nil {
			return nil
		}
		c.patience.until(time.Now().Add(c.timeout))
		message, err := f.next()
		switch {
		case errors.Is(err, errTooLong):
			c.queue.note(tooLong, c.from, fmt.Sprintf("limit is %d bytes", limit))
		case err != nil:
			return err
		case !c.queue.offer(message, c.from, c.names):
			return nil
		}
	}
}

// patience sets read deadlines, which are soon once it has ended.
type patience struct {
	conn net.Conn
	mu   sync.Mutex
	last time.Time // no deadline is later; zero before the end
}

// until sets a deadline; the zero time is none.
func (p *patience) until(t time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.last.IsZero() {
		t = p.last
		if soon := time.Now().Add(stopGrace); soon.Before(t) {
			t = soon
		}
	}
	_ = p.conn.SetReadDeadline(t) // fails on a closed connection only, as the next read will
}

// end makes deadlines soon, the one that is set as well.
func (p *patience) end() {
	p.mu.Lock()
	p.last = time.Now().Add(stopLimit)
	p.mu.Unlock()
	p.until(time.Time{})
}
