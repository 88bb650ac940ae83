package receiver

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"
)

// Time that a connection may take.
const (
	idleWithin  = 10 * time.Minute // between two requests
	writeWithin = time.Minute      // for each part of an answer
)

// conn is one connection with its buffers, served by a goroutine of its own.
type conn struct {
	server *Server
	conn   net.Conn
	in     *bufio.Reader
	head   []byte // a request's line and header
	out    []byte // of an answer
}

// start is where a connection comes from: the loop may have begun with it.
type start struct {
	unsent []byte // of an answer
	last   bool   // which was the last one
	unread []byte // of the next request
	at     int64  // when the next request arrived, 0 where that is unknown
}

func newConn(s *Server, c net.Conn, from start) *conn {
	in := io.Reader(c)
	if len(from.unread) > 0 {
		in = io.MultiReader(bytes.NewReader(from.unread), c)
	}
	return &conn{server: s, conn: c, in: bufio.NewReaderSize(in, 4<<10)}
}

// serve answers requests until the connection ends.
func (c *conn) serve(ctx context.Context, from start) {
	if len(from.unsent) > 0 && c.write(from.unsent) != nil || from.last {
		return
	}
	for at := from.at; ; at = 0 {
		_ = c.conn.SetReadDeadline(time.Now().Add(idleWithin)) // of an open connection
		r, err := c.read()
		if at == 0 {
			at = time.Now().UnixNano()
		}
		if errors.Is(err, errBad) {
			_ = c.write(appendRefusal(c.out[:0], err)) // the connection ends anyway
		}
		if err != nil {
			return
		}
		if tell := c.server.tellerOf(&r); tell != nil {
			err = tell(c)
		} else {
			c.server.book.note(&r, at)
			err = c.answer(ctx, &r)
		}
		if err != nil || r.lastOne() {
			return
		}
	}
}

// read reads one request, its body too.
func (c *conn) read() (request, error) {
	c.head = c.head[:0]
	for {
		line, err := c.in.ReadSlice('\n')
		c.head = append(c.head, line...)
		switch {
		case len(c.head) > MaxHead:
			return request{}, errLongHead
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case err != nil:
			return request{}, err
		}
		if len(line) <= 2 && len(bytes.TrimSpace(line)) == 0 {
			break
		}
	}
	r, _, err := parse(c.head)
	if err != nil {
		return r, err
	}
	_, err = io.CopyN(io.Discard, c.in, r.length)
	return r, err
}

var errLongHead = fmt.Errorf("%w: line and header are longer than %d bytes", errBad, MaxHead)

// appendRefusal appends the answer to what could not be read.
func appendRefusal(b []byte, err error) []byte {
	text := err.Error() + "\n"
	b = append(appendLine(b, http.StatusBadRequest), "Connection: close\r\n"...)
	b = append(appendLength(b, int64(len(text))), "\r\n"...)
	return append(b, text...)
}

// answer sends what the request asks for.
func (c *conn) answer(ctx context.Context, r *request) error {
	a := &r.answer
	if err := pause(ctx, a.delay); err != nil {
		return err
	}
	c.out = r.appendHead(c.out[:0])
	size := r.bodySize()
	if a.reset >= 0 {
		size = min(size, a.reset)
	}
	if err := c.body(ctx, r, size); err != nil {
		return err
	}
	if a.reset >= 0 {
		return c.reset()
	}
	return c.write(r.appendTail(c.out))
}

// body sends what is prepared, and so much of the body. The last part of it stays
// prepared.
func (c *conn) body(ctx context.Context, r *request, size int64) error {
	part, gap := int64(piece), time.Duration(0)
	if rate := r.answer.rate; rate > 0 { // at most a hundred parts per second
		part = min(piece, max(1, rate/100))
		gap = time.Duration(float64(part) / float64(rate) * float64(time.Second))
	}
	due := time.Now()
	for ; size > 0; size -= min(size, part) {
		if len(c.out) > 0 {
			if err := c.write(c.out); err != nil {
				return err
			}
		}
		if due = due.Add(gap); gap > 0 {
			if err := pause(ctx, time.Until(due)); err != nil {
				return err
			}
		}
		c.out = r.appendPart(c.out[:0], min(size, part))
	}
	return nil
}

// errReset ends a connection that was to be reset.
var errReset = errors.New("reset as asked for")

// reset sends what is prepared and resets the connection.
func (c *conn) reset() error {
	if err := c.write(c.out); err != nil {
		return err
	}
	if tcp, ok := c.conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // then closing resets; without it, it is only an early end
	}
	return errReset
}

func (c *conn) write(p []byte) error {
	_ = c.conn.SetWriteDeadline(time.Now().Add(writeWithin)) // of an open connection
	_, err := c.conn.Write(p)
	return err
}

// pause waits, unless ctx ends first.
func pause(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return nil
	}
	due := time.NewTimer(d)
	defer due.Stop()
	select {
	case <-due.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
