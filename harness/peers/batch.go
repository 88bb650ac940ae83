package peers

import "fmt"

// batch turns entries of one table into messages, as many at a time as are to be
// written at once.
type batch struct {
	pupil   *pupil
	lesson  *lesson
	untimed bool // version 2.0 has no timed updates
	limit   int  // bytes of payload

	frames []byte
	buf    []byte // for one payload
	left   int    // entries left out
	unfit  error  // why the first one was
}

// begin prepares to teach a table.
func (p *pupil) begin(def *Definition, untimed bool, limit int) (*batch, error) {
	p.Lock()
	defer p.Unlock()
	l, err := p.lesson(def)
	if err != nil {
		return nil, err
	}
	return &batch{pupil: p, lesson: l, untimed: untimed, limit: limit}, nil
}

// again prepares the entry of a table that was sent last.
func (p *pupil) again(l *lesson, untimed bool, limit int) *batch {
	p.Lock()
	e := l.repeat()
	p.Unlock()
	b := &batch{pupil: p, lesson: l, untimed: untimed, limit: limit}
	b.prepare([]Entry{e})
	return b
}

// prepare encodes entries until there are enough to write, and returns how many it
// took.
func (b *batch) prepare(entries []Entry) (n int) {
	b.pupil.Lock()
	defer b.pupil.Unlock()
	b.frames = b.frames[:0]
	for n = range entries {
		if len(b.frames) >= teachSize {
			return n
		}
		if err := b.add(&entries[n]); err != nil {
			if b.left++; b.unfit == nil {
				b.unfit = err
			}
		}
	}
	return len(entries)
}

// add encodes one entry, after the definition of its table if that is not the
// current one.
func (b *batch) add(e *Entry) error {
	l := b.lesson
	if err := l.def.fits(e); err != nil {
		return err
	}
	u := Update{Table: l.def, ID: l.nextID(), Key: e.Key, Values: e.Values, Timed: e.Remaining > 0 && !b.untimed, Remaining: e.Remaining}
	if e.Server != "" {
		u.Dict = Dict{ID: 1, Text: e.Server}
	}
	b.buf = u.appendPayload(b.buf[:0])
	if len(b.buf) > b.limit {
		return fmt.Errorf("%w: key %.40q in a message of %d bytes, limit %d", ErrUnfit, e.Key, len(b.buf), b.limit)
	}
	if b.pupil.current != l {
		b.frames = l.def.AppendTo(b.frames)
		b.pupil.current = l
	}
	b.frames = appendFrame(b.frames, classTable, u.messageType(), b.buf)
	l.taught.Sent++
	l.keep(e)
	return nil
}
