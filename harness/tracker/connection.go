package tracker

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"github.com/haproof/haproof/harness/peers"
)

// dialTimeout bounds a connection that we open, and greeting what follows on it and
// on those that others open: first the TLS handshake, then that of the protocol.
const (
	dialTimeout = 5 * time.Second
	greeting    = 5 * time.Second
)

// servePeers serves the peers that call us.
func (s *Server) servePeers(ctx context.Context) error {
	return peers.Serve(ctx, s.listener, maxSessions+2*maxStrangers, func(conn net.Conn) func(context.Context) {
		return func(ctx context.Context) {
			if err := s.serveCaller(ctx, conn); err != nil && ctx.Err() == nil {
				s.report("", "peer turned away", err)
			}
		}
	})
}

// serveCaller serves one peer that called us. Its errors are about the time before
// the peer has a name.
func (s *Server) serveCaller(ctx context.Context, conn net.Conn) error {
	session, err := s.receive(ctx, conn)
	if err != nil {
		return err
	}
	s.serve(ctx, session)
	return nil
}

// receive lets a peer say who it is.
func (s *Server) receive(ctx context.Context, conn net.Conn) (session *peers.Session, err error) {
	ctx, leave := s.lobby.enter(ctx)
	defer leave()
	defer survive(&err)
	if s.cfg.TLS != nil {
		secure := tls.Server(conn, s.cfg.TLS)
		if err := s.shakeHands(ctx, secure); err != nil {
			return nil, fmt.Errorf("peer at %v: %w", conn.RemoteAddr(), errors.Join(context.Cause(ctx), err))
		}
		conn = secure
	}
	session, err = peers.Accept(ctx, conn, s.cfg.Peers, func(h peers.Hello) peers.Status { return s.admit(conn, h) })
	if err != nil {
		return nil, errors.Join(context.Cause(ctx), err)
	}
	return session, nil
}

// dial serves one peer that we call, again and again. While it has a session with us
// because it has called, it is left alone.
func (s *Server) dial(ctx context.Context, r Remote) {
	caller := peers.Caller{
		Dialer: peers.Dialer{Dial: func(ctx context.Context) (net.Conn, error) { return s.connect(ctx, r) }},
		Config: s.cfg.Peers, Peer: r.Name, Occupied: func() bool { return s.connected(r.Name) },
	}
	serve := func(ctx context.Context, session *peers.Session) (err error) {
		defer survive(&err)
		s.serve(ctx, session)
		return nil
	}
	caller.Run(ctx, serve, func(err error) { s.report(r.Name, "peer not reached", err) })
}

// connected says whether a source has an open session.
func (s *Server) connected(name string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	src := s.sources[name]
	return src != nil && len(src.sessions) > 0
}

func (s *Server) connect(ctx context.Context, r Remote) (net.Conn, error) {
	conn, err := (&net.Dialer{Timeout: dialTimeout}).DialContext(ctx, "tcp", r.Addr)
	if err != nil || s.cfg.TLS == nil {
		return conn, err
	}
	cfg := s.cfg.TLS.Clone()
	cfg.ServerName = r.Name
	secure := tls.Client(conn, cfg)
	if err := s.shakeHands(ctx, secure); err != nil {
		return nil, fmt.Errorf("peer at %s: %w", r.Addr, err)
	}
	return secure, nil
}

// shakeHands closes the connection on error.
func (s *Server) shakeHands(ctx context.Context, conn *tls.Conn) error {
	ctx, cancel := context.WithTimeout(ctx, s.cfg.Peers.Handshake)
	defer cancel()
	if err := conn.HandshakeContext(ctx); err != nil {
		return errors.Join(fmt.Errorf("TLS handshake: %w", err), conn.Close())
	}
	return nil
}

// admit decides about a peer that called: with TLS its name must be its own.
func (s *Server) admit(conn net.Conn, h peers.Hello) peers.Status {
	if checkName(h.From) != nil || len(s.cfg.Sources) > 0 && !slices.Contains(s.cfg.Sources, h.From) {
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
	if own := certificates[0]; own.Subject.CommonName != h.From && !slices.Contains(own.DNSNames, h.From) {
		return peers.StatusUnknownPeer
	}
	return peers.StatusOK
}

// serve receives from a peer until its session ends.
func (s *Server) serve(ctx context.Context, session *peers.Session) {
	name := session.Peer().From
	f := &feed{
		server: s, ctx: ctx, name: name, session: session, resync: resyncAsked, slot: notCounted,
		counted: &Session{Source: name, Table: s.cfg.table(), PID: session.Peer().PID},
	}
	if err := s.join(f); err != nil {
		s.report(f.name, "peer turned away", errors.Join(err, session.Close()))
		return
	}
	s.report(f.name, "session opened", nil)
	err := s.converse(ctx, f)
	s.leave(f)
	if ctx.Err() != nil {
		err = nil // we end it, because we are told to
	}
	s.report(f.name, "session ended", err)
}

// survive makes a panic an error: it ends a session, and not the others.
func survive(err *error) {
	if v := recover(); v != nil {
		*err = fmt.Errorf("panic: %v\n%s", v, debug.Stack())
	}
}

// converse runs a session, and teaches the peer meanwhile.
func (s *Server) converse(ctx context.Context, f *feed) (err error) {
	ctx, cancel := context.WithCancel(ctx)
	var teaching sync.WaitGroup
	defer teaching.Wait()
	defer cancel() // after a panic it closes the connection
	defer survive(&err)
	f.open()
	defer f.close()
	if s.cfg.Teach != nil {
		teaching.Go(func() {
			if err := s.teach(ctx, f.session); err != nil {
				s.report(f.name, "teaching failed", err)
			}
		})
	}
	return f.session.Run(ctx, f)
}

func (s *Server) teach(ctx context.Context, session *peers.Session) (err error) {
	defer survive(&err)
	s.cfg.Teach.Teach(ctx, session)
	return nil
}
