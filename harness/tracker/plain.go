package tracker

// probation is the time in which a session with plain keys may still say what its
// process has not in common with the one before it. A value that exceeds what is
// known counts at once: the counter was there, with so much in it. A smaller one is
// kept in mind until the peer has told everything, and nobody can teach it any more.
type probation struct {
	told    map[uint32]uint32 // the newest value by customer; nil when it is over
	alone   bool              // nothing else was connected in the settle time before it
	ripe    bool              // when everything was told last, nobody could teach the process any more
	heard   bool              // of any key
	started bool              // the process began with empty tables, and nothing of it was counted before
	sure    bool              // and nobody can have taught it: nothing counts before all is told
}

func (c *Counts) startedPlain(s *Session) {
	p, o := &s.probation, s.origin
	if p.told == nil {
		return
	}
	p.started = !p.heard && !c.young() && s.PID != 0 && !o.counted(s.PID, c.now)
	p.sure = p.started && p.alone
}

// young says that another process may have been connected not long ago, before we
// were started.
func (c *Counts) young() bool { return c.now.Sub(c.began) < settle }

// settled says that what a session's process has can only be its own.
func (c *Counts) settled(s *Session) bool { return !c.young() && s.origin.quiet(s, c.now) }

// countPlain applies an observation of a key that is a customer.
func (c *Counts) countPlain(o *Observation, l look) Effect {
	s := o.Session
	b := s.origin.plain
	if b == nil {
		if b = c.newBook(s.origin, BookTable, ""); b == nil {
			return c.refuse(tooManyBooks, s, o.Key)
		}
		b.Live = true
		s.origin.plain = b
	}
	e, customer, why := c.entryOf(b, o.Key, l)
	if e == nil {
		return c.refuse(why, s, o.Key)
	}
	c.turn(b, e)
	p := &s.probation
	if p.told == nil {
		return c.observe(b, e, customer, o)
	}
	p.heard = true
	s.origin.count(s.PID, c.now)
	if p.sure || o.Value < e.last {
		p.told[customer] = o.Value
		return Delayed
	}
	delete(p.told, customer)
	return c.observe(b, e, customer, o)
}

// turn ends the life of an entry that no process since the one that began afresh has
// had.
func (c *Counts) turn(b *book, e *entry) {
	if e.seen >= b.fresh {
		return
	}
	if e.last > 0 {
		e.begin()
		c.mark(b, e)
	}
	e.seen = b.fresh
}

// finishedPlain ends the probation, if it is time.
func (c *Counts) finishedPlain(s *Session) {
	p, b := &s.probation, s.origin.plain
	if p.told == nil {
		return
	}
	ripe := p.alone || p.ripe
	p.ripe = c.settled(s)
	if !p.ripe || !ripe { // what was told may have been said long before it was read
		p.alone = false
		return
	}
	told := p.told
	p.told = nil
	if b == nil {
		return
	}
	if p.sure {
		b.fresh = s.Number
	}
	for customer, value := range told {
		if e := b.entries.find(customer); s.Number >= max(e.owner, e.seen) { // else a newer one has told more
			c.accept(b, e, value, s)
		}
	}
}

// accept takes a value for what the process has, at the end of the probation.
func (c *Counts) accept(b *book, e *entry, value uint32, s *Session) {
	c.turn(b, e)
	growth := uint64(0)
	switch {
	case value >= e.last:
		growth = uint64(value - e.last)
	case s.probation.started && e.seen != s.Number: // the process cannot have had what the one before it had
		e.begin()
		growth = uint64(value)
	default: // it has learned less than that, or overwrote it: what it counted is unknown
		e.base += uint64(e.last - value)
	}
	e.last = value
	e.owner, e.seen = s.Number, s.Number // what older sessions still say is from before
	c.grow(b, e, e.customer(), growth)
}
