package main

import (
	"bytes"
	"errors"
	"io"
	"net"
	"sync/atomic"
	"time"
)

// tape is a listener with one connection, on which a recorded session comes as fast
// as it is read. What is written to it is dropped.
type tape struct {
	rest     []byte
	greeted  bool
	accepted atomic.Bool
	over     chan struct{} // closed when everything was read
}

// Accept returns the connection once.
func (t *tape) Accept() (net.Conn, error) {
	if t.accepted.Swap(true) {
		<-t.over
		return nil, errors.New("there is one connection only")
	}
	return t, nil
}

// Read gives the greeting, three lines, by itself.
func (t *tape) Read(b []byte) (int, error) {
	if len(t.rest) == 0 {
		close(t.over)
		return 0, io.EOF
	}
	n := len(t.rest)
	if !t.greeted {
		t.greeted, n = true, 0
		for range 3 {
			n += bytes.IndexByte(t.rest[n:], '\n') + 1
		}
	}
	n = copy(b, t.rest[:n])
	t.rest = t.rest[n:]
	return n, nil
}

func (t *tape) Write(b []byte) (int, error)      { return len(b), nil }
func (t *tape) Close() error                     { return nil }
func (t *tape) Addr() net.Addr                   { return &net.TCPAddr{} }
func (t *tape) LocalAddr() net.Addr              { return &net.TCPAddr{} }
func (t *tape) RemoteAddr() net.Addr             { return &net.TCPAddr{} }
func (t *tape) SetDeadline(time.Time) error      { return nil }
func (t *tape) SetReadDeadline(time.Time) error  { return nil }
func (t *tape) SetWriteDeadline(time.Time) error { return nil }
