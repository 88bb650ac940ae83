//go:build amd64 || arm64

package driver

// roster keeps the connections of a shard that carry an attempt, or stand for one
// that waits, in the order of their deadlines, which is the order in which their
// attempts were sent.
type roster struct {
	oldest, newest *wireConn
	count          int
}

func (r *roster) add(c *wireConn) {
	c.busy, c.older, c.newer = true, r.newest, nil
	if r.newest == nil {
		r.oldest = c
	} else {
		r.newest.newer = c
	}
	r.newest = c
	r.count++
}

func (r *roster) remove(c *wireConn) {
	if c.older == nil {
		r.oldest = c.newer
	} else {
		c.older.newer = c.newer
	}
	if c.newer == nil {
		r.newest = c.older
	} else {
		c.newer.older = c.older
	}
	c.busy, c.older, c.newer = false, nil, nil
	r.count--
}

// replace moves the attempt of one connection to another in the same place.
func (r *roster) replace(from, to *wireConn) {
	to.flight = from.flight
	from.flight = flight{}
	if to.older == nil {
		r.oldest = to
	} else {
		to.older.newer = to
	}
	if to.newer == nil {
		r.newest = to
	} else {
		to.newer.older = to
	}
}
