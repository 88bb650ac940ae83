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

// sendDue sends what is due and returns when the next attempt is: 0 where more
// may be due already, forever where something else must happen first.
func (s *shard) sendDue() (due time.Duration) {
	for range wireBurst {
		if s.finished {
			return forever
		}
		now := s.now()
		due, say := s.work.pacer.next(s.next, now)
		if say == enough {
			s.halt.call()
		}
		switch {
		case say == over, s.interrupted.Load(), s.next >= s.halt.limit():
			s.finished, s.stopped = true, now
			return forever
		case due > now:
			return due
		case s.full():
			return forever
		case s.halt.passes(s, s.next):
			s.start(s.next, now)
			s.next += s.part.step
		}
	}
	return 0
}

// full says whether as much is in flight as may be.
func (s *shard) full() bool {
	if s.room() {
		return false
	}
	s.starved.Store(true) // first, so that whatever ends from now on rings the bell
	return !s.room()
}

func (s *shard) room() bool { return s.busy.count+int(s.rushed.Load()) < s.part.most }

// start sends attempt k: over an idle connection, else over a new one.
func (s *shard) start(k uint64, now time.Duration) {
	a := s.work.begin(k, now)
	target, path := s.work.targets.appendAt(a.Seq, &s.random, s.path[:0])
	s.path = path
	if target.TLS {
		s.rushed.Add(1)
		s.rush.send(errand{k: k, from: s})
		return
	}
	c, err := s.connection(s.servers[a.Seq%uint64(len(s.servers))])
	if err != nil {
		end := ending{dynamic: target.Dynamic, outcome: harness.Failed, cause: causeOf(err, connecting)}
		end.complete(&a, &target, s.now())
		s.out.add(&a)
		return
	}
	c.attempt, c.target, c.deadline, c.sent = a, target, now+s.timeout, false
	c.parser = newAnswerParser(target.Method == "HEAD")
	s.busy.add(c)
	s.output = appendAttempt(s.output[:0], a.Seq, &target, path)
	s.push(c, s.output)
}

// push hands the kernel what it takes of an attempt and keeps the rest until the
// socket has room.
func (s *shard) push(c *wireConn, b []byte) {
	for len(b) > 0 && c.connected {
		n, errno := sendNow(c.fd, b)
		b, c.sent = b[n:], c.sent || n > 0
		if errno == syscall.EAGAIN {
			break
		}
		if errno != 0 && errno != syscall.EINTR {
			s.fail(c, errno)
			return
		}
	}
	c.pending = append(c.pending[:0], b...)
}
