package tracker

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"slices"
	"time"

	"github.com/haproof/haproof/harness/peers"
)

// tlsTimeout bounds a TLS handshake.
const tlsTimeout = 5 * time.Second

// servePeers serves the peers that call us.
func (s *Server) servePeers(ctx context.Context) error {
	return peers.Serve(ctx, s.listener, maxSessions, func(conn net.Conn) func(context.Context) {
		number := s.numbers.Add(1)
		return func(ctx context.Context) {
			if err := s.serveCaller(ctx, conn, number); err != nil && ctx.Err() == nil {
				s.report("", "peer turned away", err)
			}
		}
	})
}

// serveCaller serves one peer that called us. Its errors are about the time before
// the peer has a name.
func (s *Server) serveCaller(ctx context.Context, conn net.Conn, number uint64) error {
	if s.cfg.TLS != nil {
		secure := tls.Server(conn, s.cfg.TLS)
		if err := shakeHands(ctx, secure); err != nil {
			return fmt.Errorf("peer at %v: %w", conn.RemoteAddr(), err)
		}
		conn = secure
	}
	session, err := peers.Accept(ctx, conn, s.cfg.Peers, func(h peers.Hello) peers.Status { return admit(conn, h) })
	if err != nil {
		return err
	}
	s.serve(ctx, session, number)
	return nil
}

// dial serves one peer that we call, again and again.
func (s *Server) dial(ctx context.Context, r Remote) {
	dialer := peers.Dialer{Dial: func(ctx context.Context) (net.Conn, error) { return s.connect(ctx, r) }}
	serve := func(ctx context.Context, conn net.Conn) error {
		number := s.numbers.Add(1)
		session, err := peers.Call(ctx, conn, s.cfg.Peers, r.Name)
		if err != nil {
			return err
		}
		s.serve(ctx, session, number)
		return nil
	}
	dialer.Run(ctx, serve, func(err error) { s.report(r.Name, "peer not reached", err) })
}

func (s *Server) connect(ctx context.Context, r Remote) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, tlsTimeout)
	defer cancel()
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", r.Addr)
	if err != nil || s.cfg.TLS == nil {
		return conn, err
	}
	cfg := s.cfg.TLS.Clone()
	cfg.ServerName = r.Name
	secure := tls.Client(conn, cfg)
	if err := shakeHands(ctx, secure); err != nil {
		return nil, fmt.Errorf("peer at %s: %w", r.Addr, err)
	}
	return secure, nil
}

// shakeHands closes the connection on error.
func shakeHands(ctx context.Context, conn *tls.Conn) error {
	ctx, cancel := context.WithTimeout(ctx, tlsTimeout)
	defer cancel()
	if err := conn.HandshakeContext(ctx); err != nil {
		return errors.Join(fmt.Errorf("TLS handshake: %w", err), conn.Close())
	}
	return nil
}

// admit decides about a peer that called: with TLS its name must be its own.
func admit(conn net.Conn, h peers.Hello) peers.Status {
	if checkName(h.From) != nil {
		return peers.StatusUnknownPeer
	}
	secure, ok := conn.(*tls.Conn)
	if !ok {
		return peers.StatusOK
	}
	certificates := secure.ConnectionState().PeerCertificates
	if len(certificates) == 0 {
		return peers.StatusUnknownPeer
	}
	names := append(certificates[0].DNSNames, certificates[0].Subject.CommonName)
	if !slices.Contains(names, h.From) {
		return peers.StatusUnknownPeer
	}
	return peers.StatusOK
}

// serve receives from a peer until its session ends.
func (s *Server) serve(ctx context.Context, session *peers.Session, number uint64) {
	f := &feed{server: s, name: session.Peer().From, number: number, session: session, resync: resyncAsked, slot: notCounted}
	if !s.join(f) {
		err := errors.Join(fmt.Errorf("already %d sources", maxSources), session.Close())
		s.report(f.name, "peer turned away", err)
		return
	}
	s.report(f.name, "session opened", nil)
	err := session.Run(ctx, f)
	s.leave(f)
	if ctx.Err() != nil {
		err = nil // we end it, because we are told to
	}
	s.report(f.name, "session ended", err)
}
