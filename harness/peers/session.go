package peers

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"
)

// Handler receives what a peer sends. A Session calls its methods one at a time.
type Handler interface {
	// Update is called for each update. u is valid during the call only.
	Update(u *Update)

	// Control is called for each control message; the session itself answers them.
	// ResyncFinished means that every key of the peer has been seen since the
	// session asked. ResyncRequest means that the peer started with empty tables.
	Control(c Control)

	// Commit is called when all that was read has been handed over, which may be
	// heartbeats only. When it returns nil, the updates before it are acknowledged:
	// the peer will not send them again by itself. An error ends the session.
	Commit() error
}

// Session is a connection to a peer, past its handshake.
type Session struct {
	cfg  Config
	conn net.Conn
	peer Hello

	// Owned by the reader.
	dec      Decoder
	in       inbox
	acks     []Ack
	ackTable *Definition // what the last of acks is for
	reply    []byte
	taught   bool // timed updates arrived since the last commit

	resync *time.Timer // fires when a resync is due; both goroutines reset it

	out struct {
		sync.Mutex
		broken time.Time // of the first failed write; nothing is written after it
	}
}

func newSession(conn net.Conn, cfg Config) *Session {
	s := &Session{cfg: cfg.withDefaults(), conn: conn}
	s.dec = Decoder{MaxMessage: cfg.MaxMessage, MaxTables: cfg.MaxTables}
	s.in = newInbox(s.dec.MaxFrame())
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
	inner, cancel := context.WithCancel(ctx)
	release := closeOnDone(inner, s.conn)
	s.resync = time.NewTimer(0)
	defer s.resync.Stop()

	var keeper sync.WaitGroup
	keeper.Go(func() { s.keepAlive(inner) })
	err := s.receive(h)
	if fault, ok := faultOf(err); ok {
		s.send(fault.AppendTo(nil))
	}
	cancel()
	keeper.Wait()
	release()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		return fmt.Errorf("session with peer %s: %w", s.peer.From, err)
	}
	return nil
}

// keepAlive sends what time demands: heartbeats and requests for a resync.
func (s *Session) keepAlive(ctx context.Context) {
	beat := time.NewTicker(s.cfg.Heartbeat)
	defer beat.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-beat.C:
			s.send(Heartbeat.AppendTo(nil))
		case <-s.resync.C:
			// Reset first: the answer may come, and reset it again, before send returns.
			s.resync.Reset(s.cfg.ResyncEvery)
			s.send(ResyncRequest.AppendTo(nil))
		}
	}
}

// receive reads to the end of the connection. A failed write does not stop it: when
// a worker of HAProxy goes it resets the connection, and its last updates are still
// to be read.
func (s *Session) receive(h Handler) error {
	for {
		if err := s.deliver(h); err != nil {
			return err
		}
		if err := s.conn.SetReadDeadline(s.readDeadline()); err != nil {
			return fmt.Errorf("set read deadline: %w", err)
		}
		err := s.in.fill(s.conn)
		if errors.Is(err, io.EOF) && len(s.in.unread()) == 0 {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read: %w", unexpected(err))
		}
	}
}

func (s *Session) readDeadline() time.Time {
	s.out.Lock()
	defer s.out.Unlock()
	if !s.out.broken.IsZero() {
		return s.out.broken.Add(s.cfg.Read)
	}
	return time.Now().Add(s.cfg.Read)
}

// deliver hands over all complete messages, has them committed, and answers.
func (s *Session) deliver(h Handler) error {
	for {
		m, n, err := s.dec.Next(s.in.unread())
		if err != nil {
			return err
		}
		if n == 0 {
			break
		}
		s.in.skip(n)
		s.dispatch(h, m)
	}
	if err := h.Commit(); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	if s.taught { // a lesson is under way: do not ask for another one
		s.taught = false
		s.resync.Reset(s.cfg.ResyncEvery)
	}
	s.flush()
	return nil
}

func (s *Session) dispatch(h Handler, m Message) {
	switch m.Kind {
	case KindUpdate:
		h.Update(m.Update)
		s.noteAck(m.Update)
	case KindControl:
		h.Control(m.Control)
		s.answerControl(m.Control)
	}
}

// noteAck remembers to acknowledge a live update. Timed ones are not acknowledged:
// the teacher takes an acknowledgement as the place to go on from, and the lesson
// is not in the order of the live updates.
func (s *Session) noteAck(u *Update) {
	if u.Timed {
		s.taught = true
		return
	}
	if u.Table == s.ackTable && len(s.acks) > 0 {
		s.acks[len(s.acks)-1].ID = u.ID
		return
	}
	for i, a := range s.acks {
		if a.TableID == u.Table.ID {
			s.acks[i] = s.acks[len(s.acks)-1]
			s.acks = s.acks[:len(s.acks)-1]
			break
		}
	}
	s.ackTable = u.Table
	s.acks = append(s.acks, Ack{TableID: u.Table.ID, ID: u.ID})
}

// answerControl prepares the answer, which goes out after the commit.
func (s *Session) answerControl(c Control) {
	switch c {
	case ResyncRequest: // we teach nothing; unanswered, HAProxy would never push
		s.reply = ResyncFinished.AppendTo(s.reply)
	case ResyncFinished:
		s.taught = false
		s.resync.Reset(s.cfg.ResyncEvery)
		s.reply = ResyncConfirm.AppendTo(s.reply)
	case ResyncPartial:
		s.taught = false
		s.resync.Reset(s.cfg.ResyncRetry)
		s.reply = ResyncConfirm.AppendTo(s.reply)
	}
}

// flush sends the answers and one acknowledgement per table.
func (s *Session) flush() {
	for _, a := range s.acks {
		s.reply = a.AppendTo(s.reply)
	}
	s.acks = s.acks[:0]
	if len(s.reply) > 0 {
		s.send(s.reply)
	}
	s.reply = s.reply[:0]
}

// send writes, unless a write has failed before. Errors are kept, not returned:
// the reader finds out by itself what became of the connection.
func (s *Session) send(b []byte) {
	s.out.Lock()
	defer s.out.Unlock()
	if !s.out.broken.IsZero() {
		return
	}
	err := s.conn.SetWriteDeadline(time.Now().Add(s.cfg.Write))
	if err == nil {
		_, err = s.conn.Write(b)
	}
	if err != nil {
		s.out.broken = time.Now()
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
