package tracker

import (
	"context"

	"github.com/haproof/haproof/harness/tracker/drain"
)

// DrainTally counts lines of the log by what became of them. A line that is Full was
// not counted: there was no room to remember it, or its customer.
type DrainTally [drain.Full + 1]uint64

// Drain counts a line of the log of a stopping process, once.
func (c *Counts) Drain(table string, l drain.Line) drain.Admission {
	b := c.logOf(l.Source, table)
	if b == nil {
		return drain.Full
	}
	name := []byte(l.Customer)
	e, customer, why := c.entryOf(b, name, look{hash: c.customers.index.hash(name)})
	if e == nil {
		c.complain(why, l.Source, name)
		return drain.Full
	}
	admission := c.seen.Add(l.Mark, c.now)
	switch admission {
	case drain.Fresh:
		e.base++
		c.grow(b, e, customer, 1)
		c.drained = append(c.drained, DrainMark{Source: l.Source, Generation: l.Generation, Seq: l.Seq, At: c.now})
	case drain.Full:
		c.complain(fullLog, l.Source, name)
	}
	return admission
}

// Drain counts lines of the log of stopping processes, each of them once. It returns
// when that is durable, or with the error of ctx: then they may become durable or not,
// and can be drained again. Lines that cannot be counted are reported and in the
// Statistics.
func (s *Server) Drain(ctx context.Context, lines []drain.Line) error {
	complaints, ticket := s.keeper.drain(s.cfg.table(), lines)
	for _, c := range complaints {
		s.report(c.Source, "line of the log not counted", c.Err)
	}
	return s.keeper.progress.wait(ctx, ticket, 0)
}

// maxOrigins bounds the sources in all tables.
const maxOrigins = 1024

// logOf finds the book of a source's log, or opens it; nil if there are too many.
func (c *Counts) logOf(source, table string) *book {
	if _, ok := c.origins[originKey{source, table}]; !ok && len(c.origins) >= maxOrigins {
		c.complain(tooManyOrigins, source, nil)
		return nil
	}
	o := c.origin(source, table)
	if o.log == nil {
		if o.log = c.newBook(o, BookLog, ""); o.log == nil {
			c.complain(tooManyBooks, source, nil)
		}
	}
	return o.log
}

// closeLogs forgets the lines of processes that have logged nothing for Rules.Retire.
// No line of theirs counts any more.
func (c *Counts) closeLogs() {
	for _, p := range c.seen.Close(c.now.Add(-c.rules.Retire)) {
		c.drained = append(c.drained, DrainMark{Source: p.Source, Generation: p.Generation, Closed: true, At: c.now})
	}
}

// RestoreMark enters a line that was counted, or a process whose lines do not count
// any more.
func (c *Counts) RestoreMark(m DrainMark) error {
	p := drain.Process{Source: m.Source, Generation: m.Generation}
	if m.Closed {
		return c.seen.RestoreClosed(p)
	}
	return c.seen.Restore(drain.Mark{Process: p, Seq: m.Seq}, m.At)
}
