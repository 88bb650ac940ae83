package tracker

import "time"

const (
	// retireSlice is how many entries are moved between two commits, about.
	retireSlice = 4096

	// retireEvery is the time between two searches for generations to retire.
	retireEvery = time.Minute
)

// retiring is what is left to do.
type retiring struct {
	books []*book
	next  time.Time // when more are looked for
}

// Retire sums up generations of dead processes, a slice of one at a time, so that
// their keys do not fill the memory for ever. No total changes by it, at no Take. It
// says whether there is more to do.
//
// A generation is retired when nothing has grown in it for Rules.Retire and the
// process that its source has now counts in another one. It is closed first, which is
// remembered for ever: HAProxy goes on teaching old keys from process to process.
func (c *Counts) Retire() (more bool) {
	r := &c.retiring
	if len(r.books) == 0 {
		if c.rules.Retire < 0 || c.now.Before(r.next) && c.now.Add(retireEvery).After(r.next) {
			return false
		}
		r.next = c.now.Add(retireEvery)
		c.closeLogs()
		r.books = c.dead(r.books)
	}
	if len(r.books) == 0 {
		return false
	}
	b := r.books[len(r.books)-1]
	switch {
	case !b.closing && !c.isDead(b): // it was, when it was found
		r.books = r.books[:len(r.books)-1]
	case !b.closing && !c.closeBook(b):
		r.books = nil
	case c.move(b):
		c.drop(b)
		r.books = r.books[:len(r.books)-1]
	}
	return len(r.books) > 0
}

// dead finds the books to retire, also those of which some entries are moved already.
func (c *Counts) dead(to []*book) []*book {
	for _, o := range c.origins {
		for _, b := range o.books {
			if b.Kind == BookTable && o.plain != b && (b.closing || c.isDead(b)) {
				to = append(to, b)
			}
		}
	}
	return to
}

func (c *Counts) isDead(b *book) bool {
	idle := c.now.Sub(b.Touched) - time.Hour // it may have grown at the end of that hour
	if idle < c.rules.Retire || b.origin.current == nil || b.origin.current == b {
		return false
	}
	for _, s := range b.origin.sessions {
		if s.live == b {
			return false
		}
	}
	return b.Live || c.owned(b.Table)
}

// owned says that every source that is connected counts in a generation that we know.
// Only then can a copy not be that of a source that has not counted yet.
func (c *Counts) owned(table string) bool {
	for key, o := range c.origins {
		if key.table == table && len(o.sessions) > 0 && o.current == nil {
			return false
		}
	}
	return true
}

// closeBook is false if that cannot be remembered.
func (c *Counts) closeBook(b *book) bool {
	if c.closed >= maxClosed {
		c.complain(tooManyClosed, b.Source, nil)
		return false
	}
	o := b.origin
	if o.retired == nil {
		if o.retired = c.newBook(o, BookRetired, ""); o.retired == nil {
			c.complain(tooManyBooks, b.Source, nil)
			return false
		}
	}
	b.closing = true
	c.shut(b)
	c.epoch++
	return true
}

// move adds a slice of the entries of a book to what its source has retired. It says
// whether all are moved.
func (c *Counts) move(b *book) (all bool) {
	var last *segment
	for n := 0; b.moved < len(b.entries.dir); b.moved++ {
		s := b.entries.dir[b.moved]
		if s == last {
			continue
		}
		last = s
		if n >= retireSlice {
			return false
		}
		for i := range s.slots {
			if e := &s.slots[i]; e.id != 0 && e.total() > 0 {
				c.transfer(b, e)
				n++
			}
		}
	}
	return true
}

// transfer moves what an entry has counted.
func (c *Counts) transfer(b *book, e *entry) {
	to := b.origin.retired
	r := to.entries.find(e.customer())
	if r == nil {
		r = c.addEntry(to, e.customer())
	}
	n := e.total()
	r.base += n
	to.sum += n
	b.sum -= n
	e.base, e.last = 0, 0
	c.mark(to, r)
	c.mark(b, e)
}

// drop forgets a book without entries that count.
func (c *Counts) drop(b *book) {
	o := b.origin
	g := o.generations[b.Generation]
	for i, other := range g.books {
		if other == b {
			g.books = append(g.books[:i:i], g.books[i+1:]...)
			break
		}
	}
	o.generations[b.Generation] = g
	o.remove(b)
	c.open--
	c.size -= b.entries.n
	b.entries = entries{}
	c.books[b.ID] = nil
	if b.stored {
		c.dropped = append(c.dropped, b.ID)
	}
}
