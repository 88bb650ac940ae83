package simproxy

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/haproof/haproof/harness/peers"
)

// writeTimeout is how long a tracker may leave a write unread; then the session ends.
const writeTimeout = 5 * time.Second

// session is a connection with a tracker, past its greeting.
type session struct {
	link  *link
	conn  net.Conn
	wakes chan struct{} // something is to be sent
	asked chan struct{} // closed when a resync has been requested

	dec    peers.Decoder
	buf    []byte
	unread []byte // start of buf
	taught map[uint64]uint32
}

func newSession(l *link, conn net.Conn) *session {
	return &session{
		link: l, conn: conn, wakes: make(chan struct{}, 1), asked: make(chan struct{}),
		buf: make([]byte, 32<<10), taught: make(map[uint64]uint32),
	}
}

// wake makes the writer look for something to send.
func (s *session) wake() {
	select {
	case s.wakes <- struct{}{}:
	default:
	}
}

// run talks until the connection breaks or ctx ends. It closes the connection, and
// resets it: HAProxy does not linger when a process goes.
func (s *session) run(ctx context.Context) error {
	p := s.link.proxy
	p.mu.Lock()
	if old := s.link.conn; old != nil { // the one accepted last wins
		old.hangUp()
	}
	s.link.open(s)
	p.mu.Unlock()

	inner, cancel := context.WithCancel(ctx)
	stop := context.AfterFunc(inner, s.hangUp)
	var writer sync.WaitGroup
	var writeErr error
	writer.Go(func() {
		defer cancel()
		writeErr = s.write(inner)
	})
	readErr := s.read()
	cancel()
	writer.Wait()
	stop()
	s.hangUp()

	p.mu.Lock()
	defer p.mu.Unlock()
	s.link.close(s)
	p.cond.Broadcast()
	return errors.Join(readErr, writeErr)
}

// hangUp resets the connection.
func (s *session) hangUp() {
	conn := s.conn
	if secure, ok := conn.(*tls.Conn); ok {
		conn = secure.NetConn()
	}
	if plain, ok := conn.(*net.TCPConn); ok {
		_ = plain.SetLinger(0) // it is closed already, or will be
	}
	_ = conn.Close() // so is this
}

// write sends what there is to send, and heartbeats when there is nothing.
func (s *session) write(ctx context.Context) error {
	cfg := s.link.proxy.cfg
	beat := time.NewTimer(cfg.Heartbeat)
	defer beat.Stop()
	var resync <-chan time.Time
	asked := s.asked
	buf := make([]byte, 0, fillSize+1024)
	for {
		buf = s.fill(buf[:0])
		if len(buf) == 0 {
			select {
			case <-ctx.Done():
				return nil
			case <-s.wakes:
				continue
			case <-asked:
				asked, resync = nil, time.After(cfg.ResyncTimeout)
				continue
			case <-resync:
				if err := s.giveUpResync(); err != nil {
					return err
				}
				continue
			case <-beat.C:
				buf = append(buf, classControl, heartbeat)
			}
		}
		beat.Reset(cfg.Heartbeat)
		if err := s.conn.SetWriteDeadline(time.Now().Add(writeTimeout)); err != nil {
			return err
		}
		if _, err := s.conn.Write(buf); err != nil {
			return fmt.Errorf("write: %w", err)
		}
	}
}

func (s *session) fill(b []byte) []byte {
	p := s.link.proxy
	p.mu.Lock()
	defer p.mu.Unlock()
	if s.link.conn != s {
		return b
	}
	before := s.link.drained()
	b = s.link.fill(b)
	if !before && s.link.drained() {
		p.cond.Broadcast()
	}
	return b
}

// giveUpResync ends the session with a tracker that has not answered. If it was not
// up to date itself, there is nobody who knows better.
func (s *session) giveUpResync() error {
	p := s.link.proxy
	p.mu.Lock()
	defer p.mu.Unlock()
	if s.link.learning {
		return fmt.Errorf("resync request not answered within %v", p.cfg.ResyncTimeout)
	}
	p.section = finished
	p.cond.Broadcast()
	return nil
}

func (s *session) read() error {
	silence := s.link.proxy.cfg.Silence
	end := len(s.unread)
	copy(s.buf, s.unread)
	for {
		n, err := s.receive(s.buf[:end])
		if err != nil {
			return err
		}
		end = copy(s.buf, s.buf[n:end])
		if err := s.conn.SetReadDeadline(time.Now().Add(silence)); err != nil {
			return err
		}
		n, err = s.conn.Read(s.buf[end:])
		if err != nil {
			return fmt.Errorf("read: %w", err)
		}
		end += n
	}
}

// receive follows the complete messages at the start of b and returns their length.
func (s *session) receive(b []byte) (size int, err error) {
	p := s.link.proxy
	p.mu.Lock()
	defer p.mu.Unlock()
	if s.link.conn != s {
		return 0, errors.New("a newer session has taken over")
	}
	for {
		m, n, err := s.dec.Next(b[size:])
		if err != nil {
			return 0, err
		}
		if n == 0 {
			break
		}
		size += n
		s.message(m)
	}
	for table, id := range s.taught {
		s.link.control = appendAck(s.link.control, table, id)
		delete(s.taught, table)
	}
	if size > 0 {
		s.wake()
		p.cond.Broadcast()
	}
	return size, nil
}

func (s *session) message(m peers.Message) {
	p := s.link.proxy
	switch m.Kind {
	case peers.KindAck:
		if m.Ack.TableID == tableID {
			s.link.ack(m.Ack.ID)
		}
	case peers.KindControl:
		s.link.controlMessage(byte(m.Control))
	case peers.KindUpdate:
		name := m.Update.Table.Name
		if p.taught[name] == nil {
			p.taught[name] = make(map[string][]uint64)
		}
		p.taught[name][m.Update.Table.KeyText(m.Update.Key)] = append([]uint64(nil), m.Update.Values...)
		s.taught[m.Update.Table.ID] = m.Update.ID
	}
}
