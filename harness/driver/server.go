package driver

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/haproof/haproof/harness"
)

// sessionsKept bounds the TLS sessions remembered per endpoint: more than there
// are hosts.
const sessionsKept = 4096

// handshakesAtOnce bounds the TLS handshakes in progress per endpoint. Without a
// bound, a cold start at a high rate shakes hands for every attempt: all of them
// starve each other, so no connection ever becomes free for the next attempt.
const handshakesAtOnce = 8

// server is one endpoint with its connections. In clear, one connection carries
// any host, as a proxy's or a CDN's would. Over TLS a connection belongs to the
// host that its handshake named, as in browsers; resumption makes the next one
// cheap.
type server struct {
	endpoint harness.Endpoint
	kept     int
	config   *tls.Config
	clear    pool
	shaking  chan struct{} // holds a token for each handshake in progress

	mu     sync.RWMutex
	secure map[string]*pool // by host
}

func newServer(e harness.Endpoint, w harness.Workload) (*server, error) {
	kept := w.Connections
	if kept <= 0 {
		kept = defaultKept
	}
	s := &server{
		endpoint: e, kept: kept, clear: pool{kept: kept},
		shaking: make(chan struct{}, handshakesAtOnce), secure: map[string]*pool{},
	}
	if w.TLS == 0 {
		return s, nil
	}
	if e.HTTPS == "" {
		return nil, fmt.Errorf("endpoint %s: speaks no TLS, the workload wants a share of %v", e.Node, w.TLS)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(e.RootPEM) {
		return nil, fmt.Errorf("endpoint %s: no certificate authority in its RootPEM", e.Node)
	}
	s.config = &tls.Config{
		RootCAs:    roots,
		MinVersion: tls.VersionTLS12,
		NextProtos: []string{"http/1.1"},
		// Pinned: Go would offer a post-quantum hybrid too, which makes handshakes
		// dearer than those of the tools that one compares with.
		CurvePreferences:   []tls.CurveID{tls.X25519, tls.CurveP256},
		ClientSessionCache: tls.NewLRUClientSessionCache(sessionsKept),
	}
	return s, nil
}

// poolFor returns the pool that the target's connections come from.
func (s *server) poolFor(target *Target) *pool {
	if !target.TLS {
		return &s.clear
	}
	s.mu.RLock()
	p := s.secure[target.Host]
	s.mu.RUnlock()
	if p != nil {
		return p
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.secure[target.Host] == nil {
		s.secure[target.Host] = &pool{kept: s.kept}
	}
	return s.secure[target.Host]
}

// connection returns a connection for the target: an idle one, else a new one.
// The stage says how far a new one came.
func (s *server) connection(p *pool, target *Target, deadline time.Time) (*conn, stage, error) {
	if c := p.take(); c != nil {
		return c, exchanging, nil
	}
	if !target.TLS {
		return dial(s.endpoint.HTTP, nil, deadline)
	}
	if err := s.awaitTurn(deadline); err != nil {
		return nil, handshaking, err
	}
	defer func() { <-s.shaking }()
	if c := p.take(); c != nil { // became free meanwhile
		return c, exchanging, nil
	}
	return s.connect(target, deadline)
}

// connect opens a connection over TLS for the target's host.
func (s *server) connect(target *Target, deadline time.Time) (*conn, stage, error) {
	config := s.config.Clone()
	config.ServerName = target.Host
	return dial(s.endpoint.HTTPS, config, deadline)
}

// awaitTurn takes a token for a handshake.
func (s *server) awaitTurn(deadline time.Time) error {
	select {
	case s.shaking <- struct{}{}:
		return nil
	default:
	}
	patience := time.NewTimer(time.Until(deadline))
	defer patience.Stop()
	select {
	case s.shaking <- struct{}{}:
		return nil
	case <-patience.C:
		return os.ErrDeadlineExceeded
	}
}

// close ends all idle connections.
func (s *server) close() error {
	errs := []error{s.clear.close()}
	for _, p := range s.secure {
		errs = append(errs, p.close())
	}
	return errors.Join(errs...)
}
