package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
)

// tap is a connection that is printed, both directions of it, and perhaps recorded.
type tap struct {
	net.Conn
	printer      *printer
	record       *os.File   // may be nil
	mu           sync.Mutex // two goroutines of a session write
	ours, theirs stream
}

// tap taps the next connection. On error it is closed.
func (l *listener) tap(conn net.Conn) (*tap, error) {
	l.mu.Lock()
	l.conns++
	number := l.conns
	l.mu.Unlock()
	t := &tap{Conn: conn, printer: l.printer}
	t.ours = stream{conn: number, ours: true, live: true, print: l.printer.print}
	t.theirs = stream{conn: number, live: true, print: l.printer.print}
	if l.options.write == "" {
		return t, nil
	}
	name := l.options.write
	if number > 1 {
		name = fmt.Sprintf("%s-%d", name, number)
	}
	file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		l.printer.fail(err)
		return nil, errors.Join(err, conn.Close())
	}
	t.record = file
	return t, nil
}

// Read prints what the peer says. What is malformed ends the session by itself.
func (t *tap) Read(b []byte) (int, error) {
	n, err := t.Conn.Read(b)
	if t.record != nil {
		if _, err := t.record.Write(b[:n]); err != nil {
			t.printer.fail(err)
		}
	}
	_ = t.theirs.feed(b[:n])
	return n, err
}

// Write prints what we say.
func (t *tap) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	n, err := t.Conn.Write(b)
	_ = t.ours.feed(b[:n])
	return n, err
}

// close ends the recording; the session has closed the connection.
func (t *tap) close() {
	if t.record == nil {
		return
	}
	if err := t.record.Close(); err != nil {
		t.printer.fail(err)
	}
}
