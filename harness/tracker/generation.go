package tracker

import (
	"bytes"
	"slices"
)

// generation is what is known of one, in one table: who counts in it, and who does
// not any more. Almost always that is one source. A source that has only taught it,
// and never said a key of it live, has a copy: a process pushes what it counts itself,
// and keeps for itself what it has learned. All copies count in one book, the largest
// value of each key, until the source is known whose they are.
type generation struct {
	books  []*book
	closed []closedBook
}

// closedBook stands for what a source had of a generation.
type closedBook struct {
	origin *origin
	live   bool // the source counted in it itself
}

func (g generation) of(o *origin) *book {
	for _, b := range g.books {
		if b.origin == o {
			return b
		}
	}
	return nil
}

func (g generation) closedFor(o *origin) bool {
	return slices.ContainsFunc(g.closed, func(c closedBook) bool { return c.origin == o })
}

// copied returns the book of a source that only has a copy.
func (g generation) copied() *book {
	for _, b := range g.books {
		if !b.Live {
			return b
		}
	}
	return nil
}

// closedCopy says whether a copy was counted that is no longer a book.
func (g generation) closedCopy() bool {
	return slices.ContainsFunc(g.closed, func(c closedBook) bool { return !c.live })
}

func (g generation) known() bool { return len(g.books)+len(g.closed) > 0 }

// bookOf finds the book in which a key of a generation counts. If there is none, it
// returns what that means for the observation.
func (c *Counts) bookOf(s *Session, key, name []byte, timed bool) (*book, Effect) {
	if s.book != nil && s.epoch == c.epoch && bytes.Equal(s.generation, name) && (timed || s.book == s.live) {
		return s.book, 0
	}
	if len(name) > maxGeneration {
		return nil, c.refuse(longGeneration, s, key)
	}
	b, effect := c.findBook(s, key, name, timed)
	if b == nil {
		return nil, effect
	}
	if !timed {
		c.lives(s, b)
	}
	s.book, s.epoch, s.generation = b, c.epoch, append(s.generation[:0], name...)
	return b, 0
}

// findBook opens the book if it is a new one.
func (c *Counts) findBook(s *Session, key, name []byte, timed bool) (*book, Effect) {
	g := s.origin.generations[string(name)]
	if g.closedFor(s.origin) {
		if timed {
			return nil, Ignored
		}
		return nil, c.refuse(generationClosed, s, key)
	}
	if b := g.of(s.origin); b != nil {
		return b, 0
	}
	b := g.copied()
	switch {
	case timed && b != nil && !b.closing:
		return b, 0
	case timed && g.known():
		return nil, Foreign
	case g.closedCopy():
		return nil, c.refuse(generationCopied, s, key)
	case b != nil:
		return c.adopt(b, s), 0
	}
	if c.size >= maxKeys {
		return nil, c.refuse(tooManyKeys, s, key)
	}
	b = c.newBook(s.origin, BookTable, string(name))
	if b == nil {
		return nil, c.refuse(tooManyBooks, s, key)
	}
	g.books = append(g.books, b)
	s.origin.generations[b.Generation] = g
	return b, 0
}

// lives notes that a session counts in a book itself.
func (c *Counts) lives(s *Session, b *book) {
	s.live = b
	if !b.Live {
		b.Live = true
		c.epoch++ // copies do not count in it any more, and it may have changed hands
		c.markBook(b)
	}
	if s.finished {
		s.origin.inherit(s)
	}
}

// adopt moves a copy to the source that turns out to count in it. What the other
// source says of it from now on does not count: it cannot be told from what the
// copy held already.
func (c *Counts) adopt(b *book, s *Session) *book {
	c.shut(b)
	b.origin.remove(b)
	b.origin = s.origin
	b.origin.books = append(b.origin.books, b)
	b.Source = s.Source
	b.barrier = c.newest + 1
	c.markBook(b)
	return b
}

// shut makes the source of a book one that does not count in its generation any more,
// and has that remembered for ever.
func (c *Counts) shut(b *book) {
	marker := BookState{
		ID: uint32(len(c.books)), Source: b.Source, Table: b.Table, Generation: b.Generation,
		Kind: BookClosed, Live: b.Live, Touched: b.Touched,
	}
	c.books = append(c.books, nil)
	c.markers = append(c.markers, marker)
	c.note(b.origin, marker)
}

// note takes in that a source does not count in a generation any more.
func (c *Counts) note(o *origin, marker BookState) {
	g := o.generations[marker.Generation]
	g.closed = append(g.closed, closedBook{o, marker.Live})
	o.generations[marker.Generation] = g
	o.closed++
	c.closed++
}
