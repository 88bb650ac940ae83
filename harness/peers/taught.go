package peers

import "slices"

// Taught is how far a peer has followed what it was taught about one table.
type Taught struct {
	Sent uint64 // entries since the session began

	// Applied is how many of them, in their order, the peer has taken in. It stays
	// behind when the peer has no such table, or one with other keys: it ignores
	// those without a word. Entries of a table that is full and must not be purged
	// are lost all the same.
	Applied uint64
}

// lesson is the state of one table that we teach. Numbers of updates count from 1
// and are always sent: HAProxy since 3.3 acknowledges those that it has to count
// itself with their bytes swapped (peer_treat_updatemsg, src/peers.c@v3.3.0).
type lesson struct {
	def    *Definition // as we send it, with our own number
	taught Taught
	last   Entry // to repeat, see pupil.confirmed

	// proven says that the peer has acknowledged the table once, so that it has it.
	// Only then its confirmation of a whole lesson says anything about the table.
	proven    bool
	atAnswer  uint64 // entries sent before the last answer to a resync request
	confirmed uint64 // entries that a confirmation covers
}

func (l *lesson) nextID() uint32 { return uint32(l.taught.Sent) + 1 }

// acked takes in an acknowledgement of the update with that number.
func (l *lesson) acked(id uint32) {
	behind := uint64(uint32(l.taught.Sent) - id)
	if behind >= l.taught.Sent {
		return // never sent
	}
	l.proven = true
	l.taught.Applied = max(l.taught.Applied, l.taught.Sent-behind, l.confirmed)
}

// keep remembers the entry that was sent last.
func (l *lesson) keep(e *Entry) {
	l.last.Key = append(l.last.Key[:0], e.Key...)
	l.last.Values = append(l.last.Values[:0], e.Values...)
	l.last.Server, l.last.Remaining = e.Server, e.Remaining
}

// repeat returns a copy of the entry that was sent last.
func (l *lesson) repeat() Entry {
	e := l.last
	e.Key, e.Values = slices.Clone(e.Key), slices.Clone(e.Values)
	return e
}
