//go:build amd64 || arm64

package driver

import (
	"fmt"
	"os"
	"runtime"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"github.com/haproof/haproof/harness"
)

// wireInput is how much is read at once.
const wireInput = 64 << 10

// wireReads is how often one connection is read before all others get their turn, so
// that a peer who never stops talking holds up nobody else.
const wireReads = 16

// connectsAtOnce bounds the connections in clear that are being opened per endpoint, and
// connectPause is when one more may be nevertheless. Without a bound, all that waited for
// room would connect in one moment, overflow the peer's queue of connections, wait for
// the kernel to ask again, and do so once more when their patience ends. With a bound
// alone, nobody would notice at once that a peer which did not answer is back.
const (
	connectsAtOnce = 256
	connectPause   = time.Millisecond
)

// shard drives its slice of a schedule in a thread of its own. Nothing that it
// touches for an attempt is shared with another shard.
type shard struct {
	poller  *poller
	servers []*wireServer
	conns   []*wireConn // by descriptor
	timeout time.Duration
	habits  habits
	out     drawer
	input   []byte // what is read, over TLS after decryption
	cipher  []byte // what is read over TLS
	output  []byte // an attempt as it goes onto the wire, over TLS before encryption
	closing []byte // the same with the word that it is the last one
	sealed  []byte // an attempt as it goes onto the wire over TLS
	path    []byte
	random  random

	work     *engagement
	part     slice
	halt     *halt
	next     uint64        // attempt that is sent next
	finished bool          // nothing more is to be sent
	stopped  time.Duration // when that became known
	usage    harness.Shard // of its thread, of the last attack
	busy     roster        // connections that carry an attempt, or stand for one that waits
	queue    queue         // what attempts wait for where too many are in flight
	arrears  arrears       // what they wait for where the client was held up
	crowd    *crowd        // users whose attempts these are; nil where attempts know nothing of each other

	idle         line // connections that carry nothing
	opened       int  // connections
	most         int  // of them, 0 for no limit
	handshakes   int  // in progress at most, per endpoint
	connects     int  // likewise in clear, see connectsAtOnce
	connectPause time.Duration
	shakers      *shakers
	shook        []*wireConn
	blanks       []*wireConn // for other connections
	spare        [][]byte    // for other bytes

	intent      atomic.Uint64 // the attempt after the last one that was to be sent
	interrupted atomic.Bool
}

// newShard returns shard i of n for the client's endpoints.
func newShard(c *client, i, n int) (*shard, error) {
	p, err := newPoller()
	if err != nil {
		return nil, err
	}
	s := &shard{
		poller: p, timeout: c.timeout, habits: c.habits, out: newDrawer(),
		input: make([]byte, wireInput), cipher: make([]byte, wireInput),
		idle: line{kind: ofShard}, most: (c.habits.most + n - 1 - i) / n,
		handshakes: max(1, handshakesAtOnce/n), shakers: newShakers(p.wake),
		connects: max(1, connectsAtOnce/n), connectPause: connectPause,
	}
	for _, of := range c.servers {
		s.servers = append(s.servers, newWireServer(of, max(1, of.kept/n)))
	}
	return s, nil
}

// begin makes ready for an attack. The connections of the last one are kept.
func (s *shard) begin(e *engagement, part slice, stop *halt, out chan<- *batch) {
	s.work, s.part, s.halt, s.out.to = e, part, stop, out
	s.next, s.finished, s.stopped, s.queue, s.arrears, s.crowd = part.first, false, 0, queue{}, arrears{}, nil
	if e.users != nil {
		s.crowd = newCrowd(e.users, part, s.timeout, &e.lost)
	}
	s.out.tally = e.tally.own()
	for _, v := range s.servers {
		v.reopens = 0 // was of another clock
	}
	s.intent.Store(0)
	s.interrupted.Store(false)
}

// now is the time on the clock of the engagement.
func (s *shard) now() time.Duration { return time.Since(s.work.began) }

// run sends what is due until nothing more is, and returns when nothing is in
// flight. It never unlocks its thread, which ends with it, and so does its timer
// slack.
func (s *shard) run() error {
	runtime.LockOSThread()
	defer s.out.flush()
	defer s.measured()()
	// By default the kernel may end a wait 50 µs late (PR_SET_TIMERSLACK(2const)).
	if err := unix.Prctl(unix.PR_SET_TIMERSLACK, 1, 0, 0, 0); err != nil {
		s.halt.call()
		return fmt.Errorf("set timer slack: %w", err)
	}
	for {
		due := s.sendDue()
		if s.finished && s.busy.count == 0 {
			return nil
		}
		if err := s.look(s.patience(due)); err != nil {
			s.abandon(err)
			return fmt.Errorf("wait for sockets: %w", err)
		}
	}
}

// patience returns how long to wait for events before something else is to be
// done, below 0 for ever; the next attempt is due at the given time.
func (s *shard) patience(due time.Duration) time.Duration {
	now := s.now()
	due = min(due, s.nextOpening())
	if oldest := s.busy.oldest; oldest != nil {
		due = min(due, oldest.deadline)
	}
	if tidy := s.out.tidy(now); tidy >= 0 {
		due = min(due, now+tidy)
	}
	if due == forever {
		return -1
	}
	return max(0, due-now)
}

// look waits for events and serves them, then ends what is overdue.
func (s *shard) look(patience time.Duration) error {
	if s.admit() { // what was sent or failed meanwhile may have made room
		patience = 0
	}
	if _, err := s.poll(patience); err != nil {
		return err
	}
	if now := s.now(); s.overdue(now) {
		if err := s.lookAgain(); err != nil {
			return err
		}
		for s.overdue(now) {
			s.fail(s.busy.oldest, os.ErrDeadlineExceeded)
		}
	}
	s.admit()
	return nil
}

// poll waits for events and serves them. It says how many there were.
func (s *shard) poll(patience time.Duration) (int, error) {
	events, err := s.poller.wait(patience)
	if err != nil {
		return 0, err
	}
	s.serveAll(events)
	s.shaken()
	return len(events), nil
}

// lookAgain serves all that has happened so far. Who was kept from the processor has not
// seen yet what came meanwhile: a peer that answered in time is not to blame. One poll
// tells of wireEvents connections at most, so it takes as many as there are for all of
// them and the bell, and no more, as peers may never stop talking.
func (s *shard) lookAgain() error {
	for range 1 + s.opened/wireEvents {
		if n, err := s.poll(0); err != nil || n < wireEvents {
			return err
		}
	}
	return nil
}

// overdue says whether somebody's patience has ended.
func (s *shard) overdue(now time.Duration) bool {
	return s.busy.oldest != nil && s.busy.oldest.deadline <= now
}

// abandon ends everything that is in flight and stops all shards.
func (s *shard) abandon(err error) {
	s.halt.call()
	for s.busy.oldest != nil {
		s.fail(s.busy.oldest, err)
	}
}

// interrupt stops sending at once. It may be called from any thread.
func (s *shard) interrupt() {
	s.interrupted.Store(true)
	s.poller.wake()
}

// close ends all connections. Nothing may be in flight.
func (s *shard) close() error {
	for _, c := range s.conns {
		if c != nil && c.shake != nil {
			c.shake.abort()
		}
	}
	s.shakers.close()
	s.shaken()
	for _, c := range s.conns {
		if c != nil {
			s.drop(c)
		}
	}
	return s.poller.close()
}
