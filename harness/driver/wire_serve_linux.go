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
	readable, hungUp := events&(unix.EPOLLIN|hangup) != 0, events&hangup != 0
	switch {
	case c.shake != nil:
		c.shake.stir()
		return
	case !c.connected:
		if !s.connected(c, events) || !c.connected {
			return // given up, or its handshake has begun
		}
	case len(c.pending) > 0:
		s.flush(c, c.pending)
	}
	switch {
	case c.fd == none || !readable:
	case c.secure != nil:
		s.readSecure(c, hungUp)
	case c.busy:
		s.read(c, hungUp)
	default: // the peer ended it, or says something unasked
		s.drop(c)
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
		s.stands(c)
	case c.busy:
		s.fail(c, err)
	default:
		c.host.server.cold = true
		s.drop(c)
	}
	return err == nil
}

// stands goes on with a connection that has just come to stand.
func (s *shard) stands(c *wireConn) {
	if c.host.secure() {
		s.shakeHands(c)
		return
	}
	c.host.server.connecting--
	if c.connected = true; !c.busy {
		s.rest(c)
		return
	}
	c.phases.connect = s.now() - c.since
	s.depart(c)
}

// read takes what has come of an answer. Where the peer has hung up it reads to
// the end, because no event will tell of it again. After wireReads others get their turn.
func (s *shard) read(c *wireConn, hungUp bool) {
	for range wireReads {
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
		full := kept+n == len(s.input)
		complete, all := s.feed(c, s.input[:kept+n])
		if complete {
			s.answered(c, all && !full && !hungUp)
		}
		if complete || !c.busy || !full && !hungUp {
			return // less than asked for: nothing is left (epoll(7))
		}
	}
	s.again(c)
}

// again has what has come on a connection told once more.
func (s *shard) again(c *wireConn) {
	if err := s.poller.again(c.fd); err != nil {
		s.broke(c, err)
	}
}

// feed gives bytes of an answer to its parser. It says whether the answer is
// complete, and whether it took all. Where the bytes are no answer it ends the
// attempt.
func (s *shard) feed(c *wireConn, b []byte) (complete, all bool) {
	if c.phases.firstByte == 0 {
		c.phases.firstByte = s.now() - c.attempt.Sent
	}
	taken, complete, err := c.parser.feed(b)
	if err != nil {
		s.fail(c, err)
		return false, false
	}
	if !complete {
		s.keep(&c.partial, b[taken:])
	}
	return complete, taken == len(b)
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
	end := ending{dynamic: c.target.Dynamic, phases: c.phases}
	end.answered(&c.target, c.parser.answer)
	s.conclude(c, &end, quiet && c.parser.reusable && len(c.pending) == 0 && !s.last(c))
}

// fail ends an attempt without one.
func (s *shard) fail(c *wireConn, err error) {
	end := ending{dynamic: c.target.Dynamic, phases: c.phases}
	end.broken(c.sent, err)
	if at := c.stage(); at != exchanging {
		end.cause = causeOf(err, at)
	}
	s.conclude(c, &end, false)
}

// conclude notes how an attempt ended, and keeps its connection or closes it.
func (s *shard) conclude(c *wireConn, end *ending, reusable bool) {
	end.complete(&c.attempt, &c.target, s.now())
	s.out.add(&c.attempt, &c.target, end)
	s.over(c.user, &c.attempt)
	s.busy.remove(c)
	c.user, c.target = nil, Target{} // what it refers to is not to live as long as the connection
	s.giveBack(&c.partial)
	if reusable {
		s.rest(c)
		return
	}
	s.drop(c)
}
