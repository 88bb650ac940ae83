package peers

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"time"
)

// Accept answers the greeting of a peer that called and returns the session with
// it, which holds conn until Run returns. admit decides about the caller; it
// returns StatusOK, or the refusal. On error conn is closed, and the error is a
// Status if the greeting was refused.
func Accept(ctx context.Context, conn net.Conn, cfg Config, admit func(Hello) Status) (*Session, error) {
	s := newSession(conn, cfg)
	err := s.handshake(ctx, func() error { return s.answer(admit) })
	if err != nil {
		return nil, fmt.Errorf("accept peer at %v: %w", conn.RemoteAddr(), err)
	}
	return s, nil
}

// Call greets the peer of that name at the other end of conn and returns the
// session with it, which holds conn until Run returns. On error conn is closed,
// and the error is a Status if the peer refused.
func Call(ctx context.Context, conn net.Conn, cfg Config, peer string) (*Session, error) {
	s := newSession(conn, cfg)
	err := s.handshake(ctx, func() error { return s.greet(peer) })
	if err != nil {
		return nil, fmt.Errorf("call peer %s at %v: %w", peer, conn.RemoteAddr(), err)
	}
	return s, nil
}

// handshake runs one side of it within its time, and closes the connection on error.
func (s *Session) handshake(ctx context.Context, side func() error) error {
	release := closeOnDone(ctx, s.conn)
	err := s.conn.SetDeadline(time.Now().Add(s.cfg.Handshake))
	if err == nil {
		err = side()
	}
	release()
	if err == nil {
		err = ctx.Err()
	}
	if err == nil {
		err = s.conn.SetDeadline(time.Time{})
	}
	if err != nil {
		return errors.Join(err, ignoreClosed(s.conn.Close()))
	}
	return nil
}

// answer is the side of the peer that was called.
func (s *Session) answer(admit func(Hello) Status) error {
	refusal, err := s.readHello()
	if err != nil {
		return fmt.Errorf("read greeting: %w", err)
	}
	if refusal == 0 && s.peer.To != s.cfg.Name {
		refusal = StatusWrongPeer
	}
	if refusal == 0 {
		refusal = admit(s.peer)
	}
	if refusal == StatusOK || s.cfg.AnswerRefusals {
		if _, err := s.conn.Write(refusal.AppendTo(nil)); err != nil {
			return fmt.Errorf("answer greeting: %w", err)
		}
	}
	if refusal != StatusOK {
		return refusal
	}
	return nil
}

// greet is the side of the caller.
func (s *Session) greet(peer string) error {
	hello := Hello{Major: 2, Minor: versionMax, To: peer, From: s.cfg.Name, PID: s.cfg.PID}
	if s.cfg.Version20 {
		hello.Minor = 0
	}
	if _, err := s.conn.Write(hello.AppendTo(nil)); err != nil {
		return fmt.Errorf("send greeting: %w", err)
	}
	status, err := s.readStatus()
	if err != nil {
		return fmt.Errorf("read status: %w", err)
	}
	if status != StatusOK {
		return status
	}
	s.peer = Hello{Major: 2, Minor: hello.Minor, To: s.cfg.Name, From: peer}
	return nil
}

func (s *Session) readHello() (refusal Status, err error) {
	for {
		hello, n, refusal := parseHello(s.in.unread())
		if refusal != 0 || n > 0 {
			s.peer = hello
			s.in.skip(n)
			return refusal, nil
		}
		if err := s.in.fill(s.conn); err != nil {
			return 0, unexpected(err)
		}
	}
}

func (s *Session) readStatus() (Status, error) {
	for {
		status, n, err := ParseStatus(s.in.unread())
		if err != nil || n > 0 {
			s.in.skip(n)
			return status, err
		}
		if err := s.in.fill(s.conn); err != nil {
			return 0, unexpected(err)
		}
	}
}

// closeOnDone closes c as soon as ctx ends, which is what interrupts a read or a
// write. The function it returns stops waiting for that.
func closeOnDone(ctx context.Context, c io.Closer) (release func()) {
	closed := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(closed)
		_ = c.Close() // the reader reports what this breaks
	})
	return func() {
		if !stop() {
			<-closed
		}
	}
}

func ignoreClosed(err error) error {
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

// unexpected makes the end of input an error, for readers in the middle of something.
func unexpected(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
