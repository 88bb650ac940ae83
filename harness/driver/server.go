package driver

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
	"time"

	"github.com/haproof/haproof/harness"
)

// sessionsKept bounds the TLS sessions remembered per endpoint: more than there
// are hosts.
const sessionsKept = 16_384

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
	habits   habits
	berths   *berths // of all endpoints; nil where there is no limit
	clear    pool
	shaking  chan struct{} // holds a token for each handshake in progress

	mu     sync.RWMutex
	secure map[string]*pool // by host
}

func newServer(e harness.Endpoint, w harness.Workload, b *berths) (*server, error) {
	kept := w.Connections
	if kept <= 0 {
		kept = defaultKept
	}
	s := &server{
		endpoint: e, kept: kept, habits: newHabits(w), berths: b,
		shaking: make(chan struct{}, handshakesAtOnce), secure: map[string]*pool{},
	}
	s.clear = pool{server: s}
	b.add(&s.clear)
	if w.OverTLS() == 0 && (len(w.Targets) == 0 || e.HTTPS == "") {
		return s, nil
	}
	if e.HTTPS == "" {
		return nil, fmt.Errorf("endpoint %s: speaks no TLS, the workload wants a share of %v", e.Node, w.OverTLS())
	}
	var roots *x509.CertPool // none means the system's
	if len(e.RootPEM) > 0 {
		roots = x509.NewCertPool()
		if !roots.AppendCertsFromPEM(e.RootPEM) {
			return nil, fmt.Errorf("endpoint %s: no certificate authority in its RootPEM", e.Node)
		}
	}
	lowest, highest := versions(w)
	var share *float64
	if w.Connect != nil {
		share = (*float64)(w.Connect.Resume)
	}
	s.config = &tls.Config{
		RootCAs:            roots,
		InsecureSkipVerify: e.Trusted,
		MinVersion:         lowest,
		MaxVersion:         highest,
		NextProtos:         []string{"http/1.1"},
		// Pinned: Go would offer a post-quantum hybrid too, which makes handshakes
		// dearer than those of the tools that one compares with.
		CurvePreferences:   []tls.CurveID{tls.X25519, tls.CurveP256},
		ClientSessionCache: newResumption(share),
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
		p := &pool{server: s, config: s.configFor(target.Host)}
		s.secure[target.Host] = p
		s.berths.add(p)
	}
	return s.secure[target.Host]
}

// configFor returns how to shake hands with a host.
func (s *server) configFor(host string) *tls.Config {
	config := s.config.Clone()
	config.ServerName = hostName(host)
	return config
}

// connection returns a connection of the pool: an idle one, else a new one. The
// stage says how far a new one came.
func (s *server) connection(p *pool, deadline time.Time) (*conn, stage, error) {
	if c := p.take(); c != nil {
		return c, exchanging, nil
	}
	if p.config == nil {
		return s.connect(p, deadline)
	}
	if err := s.awaitTurn(deadline); err != nil {
		return nil, handshaking, err
	}
	defer func() { <-s.shaking }()
	if c := p.take(); c != nil { // became free meanwhile
		return c, exchanging, nil
	}
	return s.connect(p, deadline)
}

// connect opens a connection, as soon as one may be opened.
func (s *server) connect(p *pool, deadline time.Time) (*conn, stage, error) {
	c, err := s.berths.await(p, deadline)
	if c != nil || err != nil {
		return c, connecting, err
	}
	address := s.endpoint.HTTP
	if p.config != nil {
		address = s.endpoint.HTTPS
	}
	c, at, err := dial(address, p.config, deadline)
	if err != nil {
		s.berths.leave()
		return nil, at, err
	}
	c.berths = s.berths
	return c, at, nil
}

// hostName takes a port off a host.
func hostName(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		return name
	}
	return host
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
