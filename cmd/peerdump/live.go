package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
	"time"

	"github.com/haproof/haproof/harness/peers"
)

const (
	// maxSessions bounds the peers that may call us at a time.
	maxSessions = 64
	tlsTimeout  = 5 * time.Second
)

// live prints sessions in which we are the other peer.
func (o *options) live(ctx context.Context, p *printer) error {
	secure, err := o.secure()
	if err != nil {
		return err
	}
	l := &listener{options: o, printer: p, tls: secure}
	l.config = peers.Config{Name: o.name, PID: os.Getpid(), NoAcks: !o.ack, Version20: o.old}
	if o.listen != "" {
		return l.serve(ctx)
	}
	return l.call(ctx)
}

// listener listens to peers, in the sense of overhearing them.
type listener struct {
	options *options
	printer *printer
	tls     *tls.Config // nil for none
	config  peers.Config

	mu    sync.Mutex
	conns int
}

// serve answers those that call until ctx ends.
func (l *listener) serve(ctx context.Context) error {
	ln, err := new(net.ListenConfig).Listen(ctx, "tcp", l.options.listen)
	if err != nil {
		return err
	}
	l.printer.note("listening on %v as %s", ln.Addr(), l.options.name)
	return peers.Serve(ctx, ln, maxSessions, func(conn net.Conn) func(context.Context) {
		return func(ctx context.Context) {
			if err := l.accept(ctx, conn); err != nil && ctx.Err() == nil {
				l.printer.note("%v", err)
			}
		}
	})
}

func (l *listener) accept(ctx context.Context, conn net.Conn) error {
	if l.tls != nil {
		secure := tls.Server(conn, l.tls)
		if err := shakeHands(ctx, secure); err != nil {
			return fmt.Errorf("peer at %v: %w", conn.RemoteAddr(), err)
		}
		conn = secure
	}
	t, err := l.tap(conn)
	if err != nil {
		return err
	}
	defer t.close()
	s, err := peers.Accept(ctx, t, l.config, func(peers.Hello) peers.Status { return peers.StatusOK })
	if err != nil {
		return err
	}
	return s.Run(ctx, ignore{})
}

// call calls the peer once. A session that ends by itself is no error.
func (l *listener) call(ctx context.Context) error {
	conn, err := l.connect(ctx)
	if err != nil {
		return unlessTold(ctx, err)
	}
	t, err := l.tap(conn)
	if err != nil {
		return err
	}
	defer t.close()
	s, err := peers.Call(ctx, t, l.config, l.options.peer)
	if err != nil {
		return unlessTold(ctx, err)
	}
	return unlessTold(ctx, s.Run(ctx, ignore{}))
}

func (l *listener) connect(ctx context.Context) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, tlsTimeout)
	defer cancel()
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", l.options.dial)
	if err != nil || l.tls == nil {
		return conn, err
	}
	cfg := l.tls.Clone()
	cfg.ServerName = l.options.peer
	secure := tls.Client(conn, cfg)
	if err := shakeHands(ctx, secure); err != nil {
		return nil, fmt.Errorf("peer at %s: %w", l.options.dial, err)
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

// unlessTold forgets errors that come of being told to stop.
func unlessTold(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// ignore is a Handler for those who read the connection themselves.
type ignore struct{}

func (ignore) Update(*peers.Update)  {}
func (ignore) Control(peers.Control) {}
func (ignore) Commit() error         { return nil }
