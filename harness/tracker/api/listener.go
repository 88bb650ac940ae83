package api

import (
	"io"
	"log"
	"net"
	"sync"
)

// quiet drops what net/http says about single connections: bad TLS handshakes and the
// like come from whoever can reach the address, as many as they please.
var quiet = log.New(io.Discard, "", 0)

// boundedListener has a limited number of connections open; more wait in the queue of
// the kernel.
type boundedListener struct {
	net.Listener
	room   chan struct{}
	closed chan struct{}
	close  func() error
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
	case <-l.closed:
		return nil, net.ErrClosed
	}
	conn, err := l.Listener.Accept()
	if err != nil {
		<-l.room
		return nil, err
	}
	return &boundedConn{Conn: conn, leave: sync.OnceFunc(func() { <-l.room })}, nil
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
