package peers

import (
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// outgoing is one side of a connection. The reader must never wait for it: two sides
// that both write without reading would wait for each other.
type outgoing struct {
	sync.Mutex
	broken atomic.Pointer[breakage] // nothing is written after it
}

// breakage is the first write that failed.
type breakage struct {
	at  time.Time
	err error
}

// send writes what only HAProxy misses if it is lost: the reader finds out by
// itself what became of the connection.
func (s *Session) send(b []byte) { _ = s.write(b) }

// write writes, unless a write has failed before: the peer could not make sense of
// what follows half a message.
func (s *Session) write(b []byte) error {
	s.out.Lock()
	defer s.out.Unlock()
	if broken := s.out.broken.Load(); broken != nil {
		return broken.err
	}
	if len(b) == 0 {
		return nil
	}
	err := s.conn.SetWriteDeadline(time.Now().Add(s.cfg.Write))
	if err == nil {
		_, err = s.conn.Write(b)
	}
	if err == nil {
		return nil
	}
	err = fmt.Errorf("write: %w", err)
	s.out.broken.Store(&breakage{time.Now(), err})
	return err
}

// readDeadline is soon when a write has failed: what the peer had sent before is
// still to be read, but it gets no heartbeats any more.
func (s *Session) readDeadline() time.Time {
	if broken := s.out.broken.Load(); broken != nil {
		return broken.at.Add(s.cfg.Read)
	}
	return time.Now().Add(s.cfg.Read)
}
