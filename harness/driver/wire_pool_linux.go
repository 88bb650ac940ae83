//go:build amd64 || arm64

package driver

import (
	"errors"
	"time"

	"golang.org/x/sys/unix"
)

// connection returns a connection for an attempt: an idle one, else a new one,
// else one without a descriptor that waits until there is one. Where there are always
// so many users, a new one goes first until there are as many.
func (s *shard) connection(h *wireHost) (*wireConn, error) {
	if !s.seats(h) {
		if c := s.idleOf(h); c != nil {
			return c, nil
		}
	}
	if err := h.address().err; err != nil {
		return nil, err
	}
	c := s.blank(h)
	if !s.mayOpen(h) {
		c.standing = waiting
		h.waiting.add(c)
		h.turn().add(c)
		return c, nil
	}
	if err := s.open(c); err != nil {
		s.discard(c)
		return nil, err
	}
	return c, nil
}

// seats says whether a connection is to be opened although there may be idle ones. It
// never is where that would cost an idle one or a wait.
func (s *shard) seats(h *wireHost) bool {
	return s.crowd != nil && s.opened < s.crowd.seated && (s.most == 0 || s.opened < s.most) && !s.opensEnough(h)
}

// idleOf returns an idle connection of the host, or nil.
func (s *shard) idleOf(h *wireHost) *wireConn {
	for {
		c := h.idle.last
		if s.habits.oldest {
			c = h.idle.first
		}
		if c == nil {
			return nil
		}
		if c.spoiled() {
			s.drop(c)
			continue
		}
		s.stir(c)
		return c
	}
}

// stir takes a connection out of the idle ones.
func (s *shard) stir(c *wireConn) {
	c.standing = nowhere
	c.host.idle.remove(c)
	s.idle.remove(c)
}

// mayOpen says whether a connection of the host may be opened now. Where as many
// are open as may be, it closes the idle one that was used longest ago.
func (s *shard) mayOpen(h *wireHost) bool {
	if s.opensEnough(h) || !s.hasBerth() {
		return false
	}
	if s.most > 0 && s.opened >= s.most {
		s.drop(s.idle.first)
	}
	if !h.secure() {
		h.server.reopens = s.now() + s.connectPause
	}
	return true
}

// opensEnough says whether as many connections are being opened as may be: handshakes
// over TLS, and in clear connects, beyond which one more begins after each pause.
func (s *shard) opensEnough(h *wireHost) bool {
	if h.secure() {
		return h.server.shaking >= s.handshakes
	}
	return h.server.connecting >= s.connects && s.now() < h.server.reopens
}

// hasBerth says whether one more connection may be open, if need be in place of an
// idle one.
func (s *shard) hasBerth() bool {
	return s.most == 0 || s.opened < s.most || s.idle.first != nil
}

// nextOpening returns when an attempt that waits may have its connection opened although
// nothing else happens, forever where there is none.
func (s *shard) nextOpening() time.Duration {
	next := forever
	for _, v := range s.servers {
		if v.turns[0].count > 0 && v.connecting >= s.connects && s.hasBerth() {
			next = min(next, v.reopens)
		}
	}
	return next
}

// open begins to connect. How that ends is told by an event.
func (s *shard) open(c *wireConn) error {
	to := c.host.address()
	if to.err != nil {
		return to.err
	}
	fd, err := unix.Socket(to.domain, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, unix.IPPROTO_TCP)
	if err != nil {
		return err
	}
	err = unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1)
	if err == nil {
		err = unix.Connect(fd, to.socket)
	}
	if err == nil || errors.Is(err, unix.EINPROGRESS) {
		err = s.poller.watch(fd)
	}
	if err != nil {
		_ = unix.Close(fd)
		return err
	}
	for len(s.conns) <= fd {
		s.conns = append(s.conns, nil)
	}
	s.conns[fd] = c
	s.opened++
	c.fd = fd
	*c.host.opening()++
	return nil
}

// rest gives a connection that carries nothing to an attempt that waits for one
// of its host, or keeps it.
func (s *shard) rest(c *wireConn) {
	h := c.host
	if w := h.waiting.first; w != nil {
		if c.spoiled() {
			s.drop(c) // admit opens another one
			return
		}
		s.unqueue(w)
		s.busy.replace(w, c)
		c.pending, w.pending = w.pending, c.pending
		s.discard(w)
		s.depart(c)
		return
	}
	if h.idle.count >= h.server.kept {
		s.drop(c)
		return
	}
	c.standing = idling
	h.idle.add(c)
	s.idle.add(c)
}

// unqueue takes an attempt out of those that wait.
func (s *shard) unqueue(c *wireConn) {
	c.standing = nowhere
	c.host.waiting.remove(c)
	c.host.turn().remove(c)
}

// admit opens connections for attempts that wait, as far as may be, and says
// whether there were any. It must not be called while events are being served: a
// new connection may get the descriptor of one that was closed.
func (s *shard) admit() (any bool) {
	for _, v := range s.servers {
		for i := range v.turns {
			waiting := v.turns[i].count
			s.admitFrom(&v.turns[i])
			any = any || v.turns[i].count < waiting
		}
	}
	return any
}

func (s *shard) admitFrom(turn *line) {
	for turn.first != nil && s.mayOpen(turn.first.host) {
		c := turn.first
		s.unqueue(c)
		c.since = s.now()
		if err := s.open(c); err != nil {
			s.fail(c, err)
		}
	}
}

// drop closes a connection that carries nothing, or forgets an attempt's wait.
func (s *shard) drop(c *wireConn) {
	switch c.standing {
	case idling:
		s.stir(c)
	case waiting:
		s.unqueue(c)
	}
	switch {
	case c.shake != nil:
		c.shake.abort() // its goroutine uses the descriptor: shaken closes it
	case c.fd == none:
		s.discard(c)
	default:
		s.end(c)
	}
}

// end closes a connection's descriptor.
func (s *shard) end(c *wireConn) {
	if c.secure != nil && c.connected && len(c.pending) == 0 {
		s.farewell(c)
	}
	if !c.connected {
		*c.host.opening()--
	}
	s.conns[c.fd] = nil
	s.opened--
	_ = unix.Close(c.fd)
	c.fd = none
	s.discard(c)
}

// blank returns a connection that is not open yet.
func (s *shard) blank(h *wireHost) *wireConn {
	last := len(s.blanks) - 1
	if last < 0 {
		return &wireConn{fd: none, host: h}
	}
	c := s.blanks[last]
	s.blanks = s.blanks[:last]
	c.host = h
	return c
}

// discard keeps what is left of a connection for another one.
func (s *shard) discard(c *wireConn) {
	s.giveBack(&c.pending)
	s.giveBack(&c.partial)
	if *c = (wireConn{fd: none}); len(s.blanks) < mostSpare {
		s.blanks = append(s.blanks, c)
	}
}
