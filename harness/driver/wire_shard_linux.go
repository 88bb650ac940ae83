//go:build amd64 || arm64

package driver

import (
	"errors"
	"fmt"
	"math"
	"os"
	"runtime"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// wireInput is how much is read at once.
const wireInput = 64 << 10

// forever is when nothing more is due.
const forever = time.Duration(math.MaxInt64)

// slice is a shard's part of a schedule: attempts first, first+step and so on.
type slice struct {
	first, step uint64
	most        int // in flight
}

// shard drives its slice of a schedule in a thread of its own. Nothing that it
// touches for an attempt is shared with another shard.
type shard struct {
	poller  *poller
	servers []*wireServer
	conns   []*wireConn // by descriptor
	timeout time.Duration
	out     drawer
	input   []byte // what is read
	output  []byte // an attempt as it goes onto the wire
	path    []byte
	random  random

	work     *engagement
	part     slice
	halt     *halt
	rush     *rush
	next     uint64        // attempt that is sent next
	finished bool          // nothing more is to be sent
	stopped  time.Duration // when that became known
	busy     roster        // connections that carry an attempt

	intent      atomic.Uint64 // the attempt after the last one that was to be sent
	interrupted atomic.Bool
	rushed      atomic.Int64 // attempts in flight over TLS
	starved     atomic.Bool  // waits for one of those to end
}

// newShard returns one of n shards for the client's endpoints.
func newShard(c *client, n int) (*shard, error) {
	p, err := newPoller()
	if err != nil {
		return nil, err
	}
	s := &shard{poller: p, timeout: c.timeout, out: newDrawer(), input: make([]byte, wireInput)}
	for _, of := range c.servers {
		s.servers = append(s.servers, newWireServer(of.endpoint.HTTP, max(1, of.kept/n)))
	}
	return s, nil
}

// begin makes ready for an attack. The connections of the last one are kept.
func (s *shard) begin(e *engagement, part slice, stop *halt, rush *rush, out chan<- *batch) {
	s.work, s.part, s.halt, s.rush, s.out.to = e, part, stop, rush, out
	s.next, s.finished, s.stopped = part.first, false, 0
	s.intent.Store(0)
	s.interrupted.Store(false)
}

// now is the time on the clock of the engagement.
func (s *shard) now() time.Duration { return time.Since(s.work.began) }

// run sends what is due until nothing more is, and returns when nothing is in
// flight over the shard's own connections. It never unlocks its thread, which
// ends with it, and so does its timer slack.
func (s *shard) run() error {
	runtime.LockOSThread()
	defer s.out.flush()
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
	events, err := s.poller.wait(patience)
	if err != nil {
		return err
	}
	s.serveAll(events)
	for s.busy.oldest != nil && s.busy.oldest.deadline <= s.now() {
		s.fail(s.busy.oldest, os.ErrDeadlineExceeded)
	}
	return nil
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

// relieve notes that an attempt over TLS has ended. It may be called from any
// thread.
func (s *shard) relieve() {
	s.rushed.Add(-1)
	if s.starved.Swap(false) {
		s.poller.wake()
	}
}

// close ends all connections. Nothing may be in flight.
func (s *shard) close() error {
	var errs []error
	for _, c := range s.conns {
		if c != nil {
			errs = append(errs, unix.Close(c.fd))
		}
	}
	return errors.Join(append(errs, s.poller.close())...)
}
