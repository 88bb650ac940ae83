package tracker

// A counter of HAProxy has 32 bits and wraps. A live value below wrapLow after one
// above wrapHigh is taken for that, and not for an entry that began again.
const (
	wrapHigh = 1<<32 - 1<<28
	wrapLow  = 1 << 28
)

// entry is one grow-only counter. Its part of the total is base + last.
type entry struct {
	id    uint32 // of the customer plus 1, 0 in a free slot; the highest bit is dirty
	last  uint32 // the newest absolute value
	base  uint64 // of earlier lives of the entry
	owner uint32 // newest session that sent it live: only its owner does
	seen  uint32 // a session before this one cannot tell of a new life
}

const dirty = 1 << 31 // changed since the last Take

func (e *entry) customer() uint32 { return e.id&^dirty - 1 }

func (e *entry) total() uint64 { return e.base + uint64(e.last) }

// word is what a session says about an entry.
type word struct {
	value   uint32
	timed   bool
	session uint32
	newest  uint32 // session that may be the owner's
	barrier uint32 // of the book
}

// apply moves the entry to what was said and returns by how much it grew.
//
// What the sessions of a source say can be read in another order than it was said:
// HAProxy gives a session up, and what it wrote there is still unread when the next
// one, or another process that has a copy of the entry, is heard. A larger value is
// always news, for the counter only grows within a life of the entry. A smaller one
// is a new life of the entry only if its owner says so, live, and must have said it
// after the value that we know: in the session that said that, or in one that was
// not open yet when we read it.
func (e *entry) apply(w word) (growth uint64, effect Effect) {
	if w.session < e.owner {
		return 0, Ignored
	}
	if !w.timed {
		e.owner = w.session
	}
	switch {
	case w.value == e.last:
		if !w.timed {
			e.seen = w.session
		}
		return 0, Unchanged
	case w.value > e.last:
		growth = uint64(w.value - e.last)
		effect = Grown
	case w.timed || w.session < e.seen || (w.session < w.barrier && w.session != e.seen):
		return 0, Ignored
	case e.last > wrapHigh && w.value < wrapLow:
		growth = uint64(w.value - e.last) // modulo 2^32
		e.base += 1 << 32
		effect = Grown
	default:
		growth = uint64(w.value)
		e.base += uint64(e.last)
		effect = Restarted
	}
	e.last = w.value
	e.seen = w.session
	if w.timed && w.session < w.newest {
		e.seen = w.newest + 1
	}
	return growth, effect
}

// begin ends the life of the entry: its counter is at zero again.
func (e *entry) begin() {
	e.base += uint64(e.last)
	e.last = 0
}
