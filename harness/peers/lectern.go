package peers

import (
	"context"
	"errors"
	"fmt"
	"sync"
)

// lectern is where the reader leaves what the peer is to be told. Someone else does
// it, because it takes as long as the peer needs to read, and two sides that both write
// without reading would wait for each other.
type lectern struct {
	mu      sync.Mutex
	due     homework
	wake    chan struct{} // holds one; something is due
	err     error         // that ends the session
	failure any           // of a Teacher that panicked
}

// homework is what is due.
type homework struct {
	asked  bool      // the peer waits for the answer to a resync request
	again  bool      // what the peer was taught, it has ignored
	repeat []*lesson // whose last entry is to be taught once more
}

// leave adds to what is due. Requests that arrive together get one answer.
func (l *lectern) leave(more homework) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.due.asked = l.due.asked || more.asked
	l.due.again = l.due.again || more.again
	l.due.repeat = append(l.due.repeat, more.repeat...) // at most once per confirmation that we wait for
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

func (l *lectern) take() homework {
	l.mu.Lock()
	defer l.mu.Unlock()
	due := l.due
	l.due = homework{}
	return due
}

// teachBeside does what is due until ctx ends. An error ends the session, by way of
// stop.
func (s *Session) teachBeside(ctx context.Context, h Handler, stop func()) {
	defer func() {
		if s.lectern.failure = recover(); s.lectern.failure != nil {
			stop()
		}
	}()
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.lectern.wake:
		}
		if err := s.give(h, s.lectern.take()); err != nil {
			s.lectern.err = err
			stop()
			return
		}
	}
}

func (s *Session) give(h Handler, due homework) error {
	for _, l := range due.repeat {
		s.repeat(l)
	}
	if !due.asked && !due.again {
		return nil
	}
	answer := ResyncFinished
	if t, ok := h.(Teacher); ok {
		err := t.Lesson(s)
		if err != nil && !errors.Is(err, ErrPartial) {
			return fmt.Errorf("lesson: %w", err)
		}
		if err != nil {
			answer = ResyncPartial
		}
	}
	if !due.asked {
		return nil
	}
	s.teaching.Lock() // nothing is taught between what is noted and what is said
	defer s.teaching.Unlock()
	s.pupil.answered()
	s.send(answer.AppendTo(nil))
	return nil
}

// repeat teaches the last entry of a table once more.
func (s *Session) repeat(l *lesson) {
	s.teaching.Lock()
	defer s.teaching.Unlock()
	b := s.pupil.again(l, s.peer.version20(), s.dec.maxMessage())
	s.send(b.frames)
}
