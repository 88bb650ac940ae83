//go:build amd64 || arm64

package driver

import (
	"syscall"
	"time"

	"github.com/haproof/haproof/harness"
)

// wireBurst is how many late attempts leave between two looks at the sockets, so
// that a connection which the peer has closed is seen before it is used.
const wireBurst = 64

// sendDue sends what is due and returns when there is more to do: 0 where that may
// be now, forever where something else must happen first.
func (s *shard) sendDue() (due time.Duration) {
	if s.crowd != nil {
		return s.askDue()
	}
	for range wireBurst {
		if s.finished {
			return forever
		}
		now := s.now()
		due, say := s.work.pacer.next(s.next, now)
		if say == enough {
			s.halt.call()
		}
		switch late := due+s.timeout < now; {
		case say == over, s.interrupted.Load(), s.next >= s.halt.limit():
			s.finished, s.stopped = true, now
			return forever
		case due > now:
			s.queue.rests()
			return due
		case !late && s.full(now):
			return due + s.timeout // nobody waits longer
		case !late && s.hurries(due, now):
			return min(s.arrears.next(due, now), due+s.timeout)
		case !s.halt.passes(s, s.next):
		case late:
			s.shed(s.next, now)
			s.next += s.part.step
			s.arrears.last = due // it was nobody's turn
		default:
			s.start(s.next, now)
			s.next += s.part.step
			s.arrears.leaves(due, s.lag(due, now), now)
		}
	}
	return 0
}

// hurries says whether an attempt is late by the client's own fault, and so many others
// were that it is to wait.
func (s *shard) hurries(due, now time.Duration) bool {
	return s.arrears.until(due, s.lag(due, now), now) > now
}

// lag is how late an attempt is, without what it waited until fewer were in flight.
func (s *shard) lag(due, now time.Duration) time.Duration {
	if now-due <= catchUpAtOnce {
		return now - due
	}
	return now - due - s.queue.part(due, now)
}

// full says whether as much is in flight as may be.
func (s *shard) full(now time.Duration) bool {
	if s.room() {
		s.queue.opens(now)
		return false
	}
	s.queue.fills(now)
	return true
}

func (s *shard) room() bool { return s.busy.count < s.part.most }

// shed gives attempt k up: its client's patience has ended before it was sent.
func (s *shard) shed(k uint64, now time.Duration) {
	a := s.work.begin(k, now)
	a.Queued = s.queue.part(a.Intended, now)
	s.giveUp(&a, nil)
}

// giveUp ends an attempt that is not sent.
func (s *shard) giveUp(a *harness.Attempt, u *user) {
	target, path := s.work.targets.appendAt(a.Seq, &s.random, s.path[:0])
	s.path = path
	end := shedding(&target)
	end.complete(a, &target, a.Sent)
	s.out.add(a, &target, &end)
	if u != nil {
		s.crowd.ended(u, a)
	}
}

// start sends attempt k.
func (s *shard) start(k uint64, now time.Duration) {
	a := s.work.begin(k, now)
	a.Queued = s.queue.part(a.Intended, now)
	s.ask(a, nil, now)
}

// ask sends an attempt, of a user where there are any: over an idle connection, else
// over a new one. However that ends, over hears of it.
func (s *shard) ask(a harness.Attempt, u *user, now time.Duration) {
	target, path := s.work.targets.appendAt(a.Seq, &s.random, s.path[:0])
	s.path = path
	u.mark(&target)
	c, err := s.connection(s.servers[s.work.client.indexOf(a.Seq, &target)].host(&target))
	if err != nil {
		end := ending{dynamic: target.Dynamic, outcome: harness.Failed, cause: causeOf(err, connecting)}
		end.complete(&a, &target, s.now())
		s.out.add(&a, &target, &end)
		s.over(u, &a)
		return
	}
	c.attempt, c.target, c.deadline, c.sent, c.user = a, target, now+s.timeout, false, u
	c.phases, c.since = phases{}, now
	c.parser = newAnswerParser(target.Method == "HEAD", target.Leave)
	c.parser.cookies = cookiesOf(target.Who)
	s.busy.add(c)
	s.output = appendAttempt(s.output[:0], a.Seq, &target, path)
	if !c.connected {
		s.keep(&c.pending, s.output)
		return
	}
	s.push(c, s.output)
}

// depart sends the attempt of a connection that can carry it from now on.
func (s *shard) depart(c *wireConn) {
	whole := c.pending
	c.pending = nil
	s.push(c, whole)
	s.giveBack(&whole)
}

// push sends an attempt, given as it is in clear, over its connection.
func (s *shard) push(c *wireConn, b []byte) {
	if c.carried++; s.last(c) {
		s.closing = appendLast(s.closing[:0], b)
		b = s.closing
	}
	if c.secure != nil {
		var err error
		if b, err = s.seal(c, b); err != nil {
			s.fail(c, err)
			return
		}
	}
	s.flush(c, b)
}

// last says whether the connection carries no attempt after this one.
func (s *shard) last(c *wireConn) bool { return s.habits.last(c.carried) }

// flush hands the kernel what it takes and keeps the rest until the socket has
// room.
func (s *shard) flush(c *wireConn, b []byte) {
	for len(b) > 0 {
		n, errno := sendNow(c.fd, b)
		b, c.sent = b[n:], c.sent || n > 0
		if errno == syscall.EAGAIN {
			break
		}
		if errno != 0 && errno != syscall.EINTR {
			s.broke(c, errno)
			return
		}
	}
	s.keep(&c.pending, b)
	if c.busy && len(b) == 0 && c.target.Leave == harness.AbortAsked {
		s.fail(c, errLeft)
	}
}

// broke ends a connection that takes nothing more, and what it carries.
func (s *shard) broke(c *wireConn, err error) {
	if c.busy {
		s.fail(c, err)
		return
	}
	s.drop(c)
}
