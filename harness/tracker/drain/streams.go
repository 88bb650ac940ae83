package drain

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"
)

// acceptPause is how long to wait when the machine is out of descriptors.
const acceptPause = 100 * time.Millisecond

// streams is a socket to which senders connect: tcp and unix.
type streams struct {
	name     string // as in Config.Listen
	listener net.Listener
	claim    *claim // of a path; nil for tcp
}

func openStream(ctx context.Context, name string, a address) (*streams, error) {
	if a.network == "tcp" {
		listener, err := new(net.ListenConfig).Listen(ctx, "tcp", a.String())
		return &streams{name: name, listener: listener}, err
	}
	path, err := claimPath(ctx, a)
	if err != nil {
		return nil, err
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "unix", a.path)
	if err != nil {
		return nil, err
	}
	listener.(*net.UnixListener).SetUnlinkOnClose(false) // claim does it, if it is still ours
	if err := path.own(); err != nil {
		return nil, errors.Join(err, listener.Close())
	}
	return &streams{name: name, listener: listener, claim: path}, nil
}

func (s *streams) serve(ctx context.Context, r *Receiver) error {
	release := context.AfterFunc(ctx, func() { _ = s.listener.Close() }) // Accept reports it
	defer release()
	var open sync.WaitGroup
	defer open.Wait()
	for {
		conn, err := s.listener.Accept()
		switch {
		case err == nil:
			s.admit(ctx, r, conn, &open)
		case ctx.Err() != nil:
			return nil
		case errors.Is(err, net.ErrClosed):
			return fmt.Errorf("accept at %s: %w", s.name, err)
		default:
			pause(ctx, acceptPause)
		}
	}
}

// admit has a connection served, or closes it.
func (s *streams) admit(ctx context.Context, r *Receiver, conn net.Conn, open *sync.WaitGroup) {
	if !s.allowed(r, conn) {
		r.queue.note(forbidden, s.name, conn.RemoteAddr())
		_ = conn.Close() // nothing was said on it
		return
	}
	select {
	case r.slots <- struct{}{}:
		open.Go(func() {
			defer func() { <-r.slots }()
			s.receive(ctx, r, conn)
		})
	default:
		r.queue.note(turnedOff, s.name, fmt.Sprintf("already %d connections", r.cfg.MaxConns))
		_ = conn.Close() // nothing was said on it
	}
}

func (s *streams) allowed(r *Receiver, conn net.Conn) bool {
	if s.claim != nil {
		return true // the mode of the file says who may
	}
	return r.cfg.allows("tcp", conn.RemoteAddr().(*net.TCPAddr).AddrPort().Addr())
}

// receive reads one connection to its end.
func (s *streams) receive(ctx context.Context, r *Receiver, conn net.Conn) {
	defer conn.Close()
	c := &connection{queue: r.queue, conn: conn, patience: patience{conn: conn}, from: s.name, timeout: r.cfg.LineTimeout}
	release := context.AfterFunc(ctx, func() { c.patience.end() })
	defer release()
	if s.claim == nil {
		c.from = fmt.Sprintf("%s from %v", s.name, conn.RemoteAddr())
		if r.cfg.TLS != nil && !c.shakeHands(ctx, r.cfg.TLS) {
			return
		}
	}
	if err := c.readAll(r.cfg.MaxLine); err != nil && ctx.Err() == nil {
		r.queue.note(broken, c.from, err)
	}
}

func (s *streams) stats() SocketStats { return SocketStats{Addr: s.name} }

func (s *streams) addr() net.Addr { return s.listener.Addr() }

func (s *streams) close() error { return errors.Join(s.listener.Close(), s.claim.release()) }

// pause waits for d, or less if ctx ends.
func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}
