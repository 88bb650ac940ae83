package api

import (
	"io"
	"log"
	"net"
	"net/http"
	"slices"
	"sync"
)

// quiet drops what net/http says about single connections: bad TLS handshakes and the
// like come from whoever can reach the address, as many as they please.
var quiet = log.New(io.Discard, "", 0)

// boundedListener has a limited number of connections open. When there is no room, the
// one that has been idle longest is closed; if none is, more wait in the queue of the
// kernel.
type boundedListener struct {
	net.Listener
	room   chan struct{}
	closed chan struct{}
	close  func() error

	mu      sync.Mutex
	idle    []net.Conn // that longest first
	waiting bool       // Accept has found neither room nor an idle connection
}

func newBoundedListener(ln net.Listener, limit int) *boundedListener {
	l := &boundedListener{Listener: ln, room: make(chan struct{}, limit), closed: make(chan struct{})}
	l.close = sync.OnceValue(func() error { close(l.closed); return ln.Close() })
	return l
}

// Accept waits for room, then for a connection.
func (l *boundedListener) Accept() (net.Conn, error) {
	select {
	case l.room <- struct{}{}:
	default:
		l.makeRoom()
		select {
		case l.room <- struct{}{}:
		case <-l.closed:
			return nil, net.ErrClosed
		}
	}
	conn, err := l.Listener.Accept()
	if err != nil {
		<-l.room
		return nil, err
	}
	return &boundedConn{Conn: conn, leave: sync.OnceFunc(func() { <-l.room })}, nil
}

// makeRoom closes an idle connection, or has the next one closed that becomes idle.
func (l *boundedListener) makeRoom() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.waiting = len(l.idle) == 0; !l.waiting {
		l.idle[0].Close()
		l.idle = l.idle[1:]
	}
}

// state is the ConnState of the http.Server.
func (l *boundedListener) state(conn net.Conn, state http.ConnState) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case state == http.StateNew:
	case state != http.StateIdle:
		l.idle = slices.DeleteFunc(l.idle, func(c net.Conn) bool { return c == conn })
	case l.waiting:
		l.waiting = false
		conn.Close()
	default:
		l.idle = append(l.idle, conn)
	}
}

// Close ends Accept, too, when it waits for room.
func (l *boundedListener) Close() error { return l.close() }

type boundedConn struct {
	net.Conn
	leave func()
}

// Close makes room for another connection.
func (c *boundedConn) Close() error {
	defer c.leave()
	return c.Conn.Close()
}
