package peers

import (
	"errors"
	"fmt"
	"io"
	"time"
)

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
	confirmed := s.batch.confirm
	s.replies.leave(&s.batch)
	if s.taught { // a lesson is under way: do not ask for another one
		s.taught = false
		s.resync.Reset(s.cfg.ResyncEvery)
	} else if confirmed {
		s.resync.Reset(s.next)
	}
	if s.due.asked || s.due.again || len(s.due.repeat) > 0 {
		s.lectern.leave(s.due)
		s.due = homework{}
	}
	return nil
}

func (s *Session) dispatch(h Handler, m Message) {
	switch m.Kind {
	case KindUpdate:
		if s.peer.version20() && s.waiting.Load() {
			m.Update.Timed = true
		}
		h.Update(m.Update)
		s.noteAck(m.Update)
	case KindControl:
		h.Control(m.Control)
		s.answerControl(m.Control)
	case KindDefinition:
		if s.pupil.defined(m.Definition) {
			s.due.again = true
		}
	case KindAck:
		s.pupil.acked(m.Ack)
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
	if !s.cfg.NoAcks {
		s.batch.note(u)
	}
}

// answerControl prepares the answer, which goes out after the commit.
func (s *Session) answerControl(c Control) {
	switch c {
	case ResyncRequest: // unanswered, HAProxy would never push
		s.due.asked = true
	case ResyncFinished:
		s.resyncAnswered(s.cfg.ResyncEvery)
	case ResyncPartial:
		s.resyncAnswered(s.cfg.ResyncRetry)
	case ResyncConfirm:
		s.due.repeat = append(s.due.repeat, s.pupil.confirmed()...)
	}
}

// resyncAnswered prepares the confirmation, and the next request after it: HAProxy would
// take the confirmation for the end of the lesson that it has begun last
// (peer_treat_awaited_msg, src/peers.c).
func (s *Session) resyncAnswered(next time.Duration) {
	s.taught = false
	s.waiting.Store(false)
	s.resync.Stop()
	s.next = next
	s.batch.confirm = true
}
