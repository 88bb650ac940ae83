//go:build amd64 || arm64

package driver

import (
	"io"
	"syscall"

	"golang.org/x/sys/unix"
)

// serveAll acts on events. None of them opens a connection, so a descriptor means
// the same to all of them.
func (s *shard) serveAll(events []unix.EpollEvent) {
	for i := range events {
		// The bell is not among the connections: it is enough that it woke.
		if fd := int(events[i].Fd); fd < len(s.conns) && s.conns[fd] != nil {
			s.serve(s.conns[fd], events[i].Events)
		}
	}
}

// serve acts on what has happened to one connection.
func (s *shard) serve(c *wireConn, events uint32) {
	readable := events&(unix.EPOLLIN|hangup) != 0
	if !c.connected && !s.connected(c, events) {
		return
	}
	if !c.busy {
		if readable { // the peer ended it, or says something unasked
			s.drop(c)
		}
		return
	}
	if len(c.pending) > 0 {
		s.push(c, c.pending)
	}
	if c.busy && readable {
		s.read(c, events&hangup != 0)
	}
}

// connected says whether a connection stands. One that cannot is given up.
func (s *shard) connected(c *wireConn, events uint32) bool {
	if events&(unix.EPOLLOUT|hangup) == 0 {
		return false
	}
	code, err := unix.GetsockoptInt(c.fd, unix.SOL_SOCKET, unix.SO_ERROR)
	if err == nil && code != 0 {
		err = syscall.Errno(code)
	}
	switch {
	case err == nil:
		c.connected = true
	case c.busy:
		s.fail(c, err)
	default:
		s.drop(c)
	}
	return err == nil
}

// read takes what has come of an answer. Where the peer has hung up it reads to
// the end, because no event will tell of it again.
func (s *shard) read(c *wireConn, hungUp bool) {
	for {
		kept := copy(s.input, c.partial)
		n, errno := receiveNow(c.fd, s.input[kept:])
		switch {
		case errno == syscall.EAGAIN:
			return
		case errno == syscall.EINTR:
			continue
		case errno != 0:
			s.fail(c, errno)
			return
		case n == 0:
			s.ended(c)
			return
		}
		got := s.input[:kept+n]
		full := len(got) == len(s.input)
		taken, complete, err := c.parser.feed(got)
		if err != nil {
			s.fail(c, err)
			return
		}
		if complete {
			s.answered(c, taken == len(got) && !full && !hungUp)
			return
		}
		c.partial = append(c.partial[:0], got[taken:]...)
		if !full && !hungUp {
			return // less than asked for: nothing is left (epoll(7))
		}
	}
}

// ended acts on the end of a connection that carries an attempt.
func (s *shard) ended(c *wireConn) {
	if err := c.parser.end(); err != nil {
		s.fail(c, io.ErrUnexpectedEOF)
		return
	}
	s.answered(c, false)
}

// answered ends an attempt with a complete answer. Quiet says that nothing more
// has come on the connection.
func (s *shard) answered(c *wireConn, quiet bool) {
	end := ending{dynamic: c.target.Dynamic}
	end.answered(&c.target, c.parser.answer)
	s.conclude(c, &end, quiet && c.parser.reusable && len(c.pending) == 0)
}

// fail ends an attempt without one.
func (s *shard) fail(c *wireConn, err error) {
	end := ending{dynamic: c.target.Dynamic}
	end.broken(c.sent, err)
	if !c.connected {
		end.cause = causeOf(err, connecting)
	}
	s.conclude(c, &end, false)
}

// conclude notes how an attempt ended, and keeps its connection or closes it.
func (s *shard) conclude(c *wireConn, end *ending, reusable bool) {
	end.complete(&c.attempt, &c.target, s.now())
	s.out.add(&c.attempt)
	s.busy.remove(c)
	c.partial = c.partial[:0]
	if v := c.server; reusable && len(v.idle) < v.kept {
		v.idle = append(v.idle, c)
		return
	}
	s.drop(c)
}
