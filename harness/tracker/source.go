package tracker

import (
	"time"

	"github.com/haproof/haproof/harness/peers"
)

// maxSources bounds the peers that may introduce themselves in a Server's life.
const maxSources = 256

// source is what the Server knows about one peer, over all its sessions.
type source struct {
	sessions map[uint32]*feed // open ones, by number
	newest   *feed            // open or not
	pid      int
	counters sourceCounters
	heard    time.Time
	known    bool // since before the Server started
}

// sourceCounters are numbers since the Server started.
type sourceCounters struct {
	restarts uint64 // of processes
	effects  Tally
}

// open enters a session. A process other than the one before is a restart, as far
// as the peer says what process it is.
func (s *source) open(f *feed, now time.Time) {
	if pid := f.session.Peer().PID; pid != 0 {
		if s.pid != 0 && s.pid != pid {
			s.counters.restarts++
		}
		s.pid = pid
	}
	s.sessions[f.counted.Number] = f
	s.newest = f
	s.heard = now
}

// counted says whether any update of the source meant something.
func (s *source) counted() bool {
	if s.known {
		return true
	}
	for effect, n := range s.counters.effects {
		if n > 0 && Effect(effect) != Refused {
			return true
		}
	}
	return false
}

// resync is the state of the newest session.
func (s *source) resync() string {
	if s.newest == nil {
		return resyncAsked
	}
	return s.newest.resync
}

// The states of a resync, as the API shows them.
const (
	resyncAsked    = "asked"
	resyncPartial  = "partial"
	resyncFinished = "finished"
)

// resyncAfter returns the state that follows a control message.
func resyncAfter(state string, c peers.Control) string {
	switch c {
	case peers.ResyncFinished:
		return resyncFinished
	case peers.ResyncPartial:
		return resyncPartial
	default:
		return state
	}
}
