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

// patience sets read deadlines of which none is later than a last one.
type patience struct {
	conn net.Conn
	mu   sync.Mutex
	last time.Time
}

// until sets a deadline; the zero time is none.
func (p *patience) until(t time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.last.IsZero() && (t.IsZero() || t.After(p.last)) {
		t = p.last
	}
	_ = p.conn.SetReadDeadline(t) // fails on a closed connection only, as the next read will
}

// end sets the last deadline.
func (p *patience) end(t time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.last = t
	_ = p.conn.SetReadDeadline(t) // fails on a closed connection only, as the next read will
}
