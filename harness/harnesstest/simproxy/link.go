package simproxy

import "fmt"

// link is what a Proxy knows about one tracker. The acknowledged change outlives
// sessions and is used when one begins (init_connected_peer, src/peers.c).
type link struct {
	proxy *Proxy
	addr  string // empty if the tracker only calls us

	acked   uint64   // seq up to which the tracker has acknowledged
	durable []uint64 // by entry: how much of its count that was
	refusal int      // status after which HAProxy never calls again, or 0

	// Of the session.
	conn     *session // nil without one
	defined  bool
	pushed   uint64 // seq up to which changes were sent live
	lastID   uint32 // as the tracker reckons it
	inflight []promise
	acks     int // of inflight, already acknowledged

	teaching lesson
	at       uint64 // in the lesson: seq that was taught last, or index in learned
	origin   uint64 // acked when the lesson began

	asked    bool   // for a resync
	learning bool   // no answer to that yet
	control  []byte // to be sent first
	confirm  bool   // to be sent last
}

// promise is a live update for which no acknowledgement has come yet.
type promise struct {
	seq, count uint64
	entry      uint32
}

// open begins a session.
func (l *link) open(s *session) {
	l.conn, l.defined, l.lastID = s, false, 0
	l.inflight, l.acks = nil, 0
	l.teaching, l.learning, l.asked = notTeaching, false, false
	l.control, l.confirm = l.control[:0], false
	l.pushed = l.resumeAt()
	l.proxy.askForResync()
}

// ask requests a resync.
func (l *link) ask() {
	l.asked, l.learning = true, true
	l.control = append(l.control, classControl, resyncRequest)
	close(l.conn.asked)
	l.conn.wake()
}

// close ends the session, unless a newer one has taken over.
func (l *link) close(s *session) {
	if l.conn == s {
		l.conn, l.learning, l.teaching = nil, false, notTeaching
		l.proxy.askForResync()
	}
}

// resumeAt is the change after which live updates begin. A tracker that acknowledged
// something beyond the last change is told everything.
func (l *link) resumeAt() uint64 {
	if l.acked > l.proxy.table.local {
		return 0
	}
	return l.acked
}

// idle says that the tracker has acknowledged everything.
func (l *link) idle() bool {
	return l.drained() && l.acks == len(l.inflight)
}

// drained says that everything has been handed to the connection.
func (l *link) drained() bool {
	return l.conn != nil && !l.learning && l.teaching == notTeaching && l.pushed >= l.proxy.table.local
}

// fill appends what is to be sent now. A confirmation goes before live updates and
// after a lesson.
func (l *link) fill(b []byte) []byte {
	b = append(b, l.control...)
	l.control = l.control[:0]
	switch {
	case l.teaching != notTeaching && l.teaching != awaitingConfirm:
		if b = l.teach(b); len(b) >= fillSize {
			return b
		}
	case l.teaching == notTeaching && !l.learning && !l.confirm:
		b = l.push(b)
	}
	if l.confirm {
		l.confirm = false
		b = append(b, classControl, resyncConfirm)
	}
	return b
}

// ack notes what the tracker promises to keep. While it is being taught this does
// not move the place to resume at.
func (l *link) ack(id uint32) {
	local := l.proxy.table.local
	behind := int32(uint32(local) - id)
	seq := local - uint64(behind)
	if behind < 0 {
		seq = local + uint64(-int64(behind))
	}
	if l.teaching == notTeaching {
		l.acked = seq
	}
	for l.acks < len(l.inflight) && l.inflight[l.acks].seq <= seq {
		p := l.inflight[l.acks]
		l.acks++
		for int(p.entry) >= len(l.durable) {
			l.durable = append(l.durable, 0)
		}
		l.durable[p.entry] = max(l.durable[p.entry], p.count)
	}
	if l.acks > 1024 && 2*l.acks > len(l.inflight) { // shift seldom
		l.inflight = l.inflight[:copy(l.inflight, l.inflight[l.acks:])]
		l.acks = 0
	}
}

// controlMessage follows the resync in both directions.
func (l *link) controlMessage(c byte) {
	switch c {
	case resyncRequest:
		l.teaching, l.origin = teachingNewer, l.resumeAt()
		l.at = l.origin
	case resyncConfirm:
		if l.teaching == awaitingConfirm {
			l.teaching, l.pushed = notTeaching, l.resumeAt()
		}
	case resyncFinished, resyncPartial:
		if l.learning && c == resyncFinished {
			l.proxy.section = finished
		}
		l.learning, l.confirm = false, true
	}
}

// promised returns the acknowledged increments by customer.
func (l *link) promised() []uint64 {
	t := &l.proxy.table
	counts := make([]uint64, len(t.truth))
	for i, n := range l.durable {
		if n > 0 { // learned ones may be of customers that are not counted here
			counts[t.entries[i].customer] += n
		}
	}
	return counts
}

func (l *link) String() string {
	return fmt.Sprintf("tracker %s: connected %v, learning %v, lesson %d, pushed %d and acknowledged %d of %d, %d updates on the way",
		l.addr, l.conn != nil, l.learning, l.teaching, uint32(l.pushed), uint32(l.acked), uint32(l.proxy.table.local), len(l.inflight)-l.acks)
}
