package driver

import (
	"crypto/tls"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/haproof/haproof/harness"
)

// h2Client sends the attempts over TLS as HTTP/2. It speaks the protocol itself, frame
// by frame, because no attempt may be sent twice: the transports of Go send one again
// after REFUSED_STREAM, PROTOCOL_ERROR and GOAWAY, which a proxy also says of
// requests that an origin has seen. See docs/decisions/0016-http2.md.
//
// A connection belongs to the host that its handshake named, as in browsers. Each host
// has one, or as many as the workload's Connections. It is safe for concurrent use.
type h2Client struct {
	most    int           // connections per endpoint and host
	carries uint64        // attempts that a connection carries; 0 for as many as the peer lets it
	timeout time.Duration // after which a connection that takes no bytes is dead
	running sync.WaitGroup

	mu    sync.Mutex
	pools map[h2Place]*h2Pool
}

// h2Place is what the connections of a pool have in common.
type h2Place struct {
	*server
	host string
}

// newH2Client returns nil where the workload wants no HTTP/2.
func newH2Client(w harness.Workload, timeout time.Duration) (*h2Client, error) {
	if w.Protocol != harness.ProtocolHTTP2 {
		return nil, nil
	}
	listed := slices.ContainsFunc(w.Targets, func(r harness.Request) bool { return r.TLS })
	if w.OverTLS() == 0 && !listed {
		return nil, errors.New("protocol h2 goes over TLS, which no attempt does: set tls above 0, or list https targets")
	}
	c := &h2Client{most: max(1, w.Connections), timeout: timeout, pools: map[h2Place]*h2Pool{}}
	if w.Connect != nil {
		if w.Connect.Most > 0 || w.Connect.Reuse == harness.ReuseOldest {
			return nil, errors.New("connect: most and reuse are for HTTP/1.1; with protocol h2, connections says how many each host has")
		}
		c.carries = uint64(w.Connect.Requests)
	}
	return c, nil
}

// poolFor returns the pool that the target's connections come from.
func (c *h2Client) poolFor(s *server, target *Target) *h2Pool {
	place := h2Place{s, target.Host}
	c.mu.Lock()
	defer c.mu.Unlock()
	p := c.pools[place]
	if p == nil {
		p = &h2Pool{most: c.most, carries: c.carries}
		p.open = func(deadline time.Time) (*h2Conn, phases, stage, error) { return c.connect(place, p.wakeAll, deadline) }
		c.pools[place] = p
	}
	return p
}

// send sends one attempt over a stream of its own and returns when its answer is
// complete, the client left as the target has it, or its patience ended.
func (c *h2Client) send(s *server, seq uint64, target *Target, deadline time.Time) ending {
	e := ending{dynamic: target.Dynamic}
	pool := c.poolFor(s, target)
	for {
		cn, took, at, err := pool.take(deadline)
		if took != (phases{}) {
			e.phases = took
		}
		if err != nil {
			e.outcome, e.cause = harness.Failed, causeOf(err, at)
			return e
		}
		got := cn.exchange(seq, target, deadline)
		pool.release(cn)
		e.phases.firstByte = got.firstByte
		switch {
		case errors.Is(got.err, errH2Closing) && !got.sent:
			continue // nothing of it was sent: the peer ended the connection in this moment
		case got.err != nil:
			e.broken(got.sent, got.err)
		default:
			e.answered(target, got.answer)
		}
		return e
	}
}

// close ends all connections. Nothing may be in flight.
func (c *h2Client) close() error {
	if c == nil {
		return nil
	}
	for _, p := range c.pools {
		p.close()
	}
	c.running.Wait()
	return nil
}

// connect opens a connection for a host, as far as that attempts may use it: the peer
// has said how many at a time.
func (c *h2Client) connect(place h2Place, changed func(), deadline time.Time) (cn *h2Conn, took phases, at stage, err error) {
	if err := place.awaitTurn(deadline); err != nil {
		return nil, took, handshaking, err
	}
	defer func() { <-place.shaking }()
	began := time.Now()
	plain, at, err := dial(place.endpoint.HTTPS, nil, deadline)
	if err != nil {
		return nil, took, at, err
	}
	took.connect = time.Since(began)
	config := place.configFor(place.host)
	config.NextProtos = []string{harness.ProtocolHTTP2}
	gauge := &h2Gauge{Conn: plain.socket}
	secure := tls.Client(gauge, config)
	if err := errors.Join(secure.SetDeadline(deadline), secure.Handshake()); err != nil {
		return nil, took, handshaking, errors.Join(err, plain.Close())
	}
	if p := secure.ConnectionState().NegotiatedProtocol; p != harness.ProtocolHTTP2 {
		return nil, took, handshaking, errors.Join(fmt.Errorf("the peer speaks %q, not HTTP/2", p), secure.Close())
	}
	if err := secure.SetDeadline(time.Time{}); err != nil {
		return nil, took, handshaking, errors.Join(err, secure.Close())
	}
	cn = newH2Conn(secure, gauge, plain.socket.raw, c.timeout, changed)
	c.running.Go(cn.read)
	c.running.Go(cn.write)
	if err := cn.awaitGreeting(deadline); err != nil {
		cn.fail(err)
		return nil, took, handshaking, err
	}
	took.handshake = time.Since(began) - took.connect
	return cn, took, exchanging, nil
}
