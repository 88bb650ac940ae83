package peers

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// Handler receives what a peer sends. A Session calls its methods one at a time.
type Handler interface {
	// Update is called for each update. u is valid during the call only, except the
	// bytes of u.Key: those stay as they are until the next Commit returns.
	Update(u *Update)

	// Control is called for each control message; the session itself answers them.
	// ResyncFinished means that every key of the peer has been seen since the
	// session asked. ResyncRequest means that the peer started with empty tables.
	Control(c Control)

	// Commit is called when all that was read has been handed over, which may be
	// heartbeats only. It blocks for as long as it takes to make the updates before it
	// durable. When it returns nil they are acknowledged: the peer will not send them
	// again by itself. An error ends the session. Heartbeats go on meanwhile, but
	// nothing is read, and an HAProxy whose writes are stuck for 5 s gives up.
	Commit() error
}

// Session is a connection to a peer, past its handshake.
type Session struct {
	cfg  Config
	conn net.Conn
	peer Hello

	// Owned by the reader.
	dec    Decoder
	in     inbox
	batch  reply    // left with replies after the commit
	due    homework // left on the lectern after the commit
	taught bool     // timed updates arrived since the last commit

	replies replies

	resync  *time.Timer   // fires when a resync is due; both goroutines reset it
	next    time.Duration // until it is, from the confirmation of the last one
	waiting atomic.Bool   // for the answer to our own resync request

	teaching sync.Mutex // held by those who teach, longer than pupil is
	pupil    pupil
	lectern  lectern
	ended    chan struct{} // closed when Run returns

	out outgoing
}

func newSession(conn net.Conn, cfg Config) *Session {
	s := &Session{cfg: cfg.withDefaults(), conn: conn, ended: make(chan struct{})}
	s.dec = Decoder{MaxMessage: cfg.MaxMessage, MaxTables: cfg.MaxTables}
	s.in = newInbox(greetingSize)
	s.replies.wake, s.lectern.wake = make(chan struct{}, 1), make(chan struct{}, 1)
	return s
}

// Peer returns the greeting of the peer, or what is known of it when we called.
func (s *Session) Peer() Hello { return s.peer }

// Close ends a session that is not going to Run.
func (s *Session) Close() error { return s.conn.Close() }

// Run receives until the peer closes the connection, which is nil, or ctx ends,
// which is its error, or something goes wrong. It closes the connection and leaves
// no goroutine behind. It must be called exactly once.
func (s *Session) Run(ctx context.Context, h Handler) error {
	defer close(s.ended)
	inner, cancel := context.WithCancel(ctx)
	release := closeOnDone(inner, s.conn)
	s.in.grow(max(readSize, s.dec.MaxFrame()))
	s.resync = time.NewTimer(0)
	defer s.resync.Stop()

	var beside sync.WaitGroup
	beside.Go(func() { s.keepAlive(inner) })
	beside.Go(func() { s.teachBeside(inner, h, cancel) })
	err := s.receive(h)
	s.send(s.replies.take(nil))
	if fault, ok := faultOf(err); ok {
		s.send(fault.AppendTo(nil))
	}
	cancel()
	beside.Wait()
	release()
	if s.lectern.failure != nil {
		panic(s.lectern.failure) // where the caller can see to it
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if s.lectern.err != nil {
		err = s.lectern.err // the end of the connection came of it
	}
	if err != nil {
		return fmt.Errorf("session with peer %s: %w", s.peer.From, err)
	}
	return nil
}

// keepAlive sends what time demands, heartbeats and requests for a resync, and what
// the reader has left to be said.
func (s *Session) keepAlive(ctx context.Context) {
	var reply []byte
	beat := time.NewTicker(s.cfg.Heartbeat)
	defer beat.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-beat.C:
			s.send(Heartbeat.AppendTo(nil))
		case <-s.replies.wake:
			reply = s.replies.take(reply[:0])
			s.send(reply)
		case <-s.resync.C:
			// Reset first: the answer may come, and reset it again, before send returns.
			s.resync.Reset(s.cfg.ResyncEvery)
			s.waiting.Store(true)
			reply = s.replies.take(reply[:0]) // the confirmation of the last one, if it is due
			s.send(ResyncRequest.AppendTo(reply))
		}
	}
}

func faultOf(err error) (Fault, bool) {
	switch {
	case errors.Is(err, ErrSize):
		return FaultSize, true
	case errors.Is(err, ErrProtocol):
		return FaultProtocol, true
	default:
		return 0, false
	}
}
