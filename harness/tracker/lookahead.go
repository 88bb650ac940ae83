package tracker

// lookahead is how many observations are looked up together. Where a customer is
// counted is found in four steps, each of which waits for memory that is far away, and
// the next one depends on it. Of many observations the same step is made one after the
// other: then their waits are one.
const lookahead = 64

// look is what is known of an observation before it is its turn.
type look struct {
	end    int    // of the customer's name in the key, negative if there is no generation
	hash   uint32 // of the name
	number uint32 // of the customer, plus 1; 0 if it has to be found
}

// CountAll applies observations in their order, and adds what they did to a tally. It
// does what Count does to each of them, sooner.
func (c *Counts) CountAll(observations []Observation, t *Tally) {
	for len(observations) > 0 {
		some := observations[:min(lookahead, len(observations))]
		observations = observations[len(some):]
		c.lookAhead(some)
		for i := range some {
			t[c.count(&some[i], c.looks[i])]++
		}
	}
}

// lookAhead fills c.looks for at most lookahead observations. Customers may be missing
// from them that the observations enter, but a number once found is right for ever.
func (c *Counts) lookAhead(some []Observation) {
	looks := c.looks[:len(some)]
	for i := range looks {
		looks[i] = c.look(&some[i])
	}
	x := &c.customers.index
	for i := range looks {
		if number, ok := x.guess(looks[i].hash); ok {
			looks[i].number = number + 1
		}
	}
	names := c.customers.names
	for i := range looks {
		if l := &looks[i]; l.number != 0 && names[l.number-1] != string(some[i].Key[:max(l.end, 0)]) {
			l.number = 0
		}
	}
	for i := range looks {
		if l := &looks[i]; l.number != 0 {
			c.warm(some[i].Session, l.number-1)
		}
	}
}

// look takes the name from a key.
func (c *Counts) look(o *Observation) look {
	end := len(o.Key)
	if c.rules.Keys != PlainKeys {
		end = o.Session.cut(o.Key)
	}
	return look{end: end, hash: c.customers.index.hash(o.Key[:max(end, 0)])}
}

// warm reads where a customer is probably counted, so that it is near.
func (c *Counts) warm(s *Session, customer uint32) {
	b := s.book
	if c.rules.Keys == PlainKeys && s.origin != nil {
		b = s.origin.plain
	}
	if b != nil {
		c.warmed += b.entries.warm(customer)
	}
	c.warmed += uint32(c.customers.counted[customer].pending)
}
