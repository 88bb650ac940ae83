package tracker

import (
	"slices"
	"time"
)

// origin is one table of one source.
type origin struct {
	source, table string
	generations   map[string]generation // of the table, all sources

	sessions []*Session // open
	newest   uint32     // number of a session
	gone     []process  // that were connected in the last settle time

	// The generation of the process that lives now, as far as it is known, and the
	// session that told so.
	current   *book
	currentBy uint32

	books  []*book // all of them
	closed int     // generations in which the origin does not count any more

	// Books that are not of a generation; nil until they are needed.
	plain, log, retired *book

	young []process // that were on probation, by when they were counted last
}

// process is one that was connected.
type process struct {
	pid int
	end time.Time // when it was last heard of
}

// maxGone bounds the processes of an origin that are remembered for the settle time.
const maxGone = 64

// youth is longer than a process takes to find out that nobody teaches it.
const youth = time.Minute

type originKey struct{ source, table string }

// origin finds an origin, or enters it.
func (c *Counts) origin(source, table string) *origin {
	key := originKey{source, table}
	o, ok := c.origins[key]
	if !ok {
		if c.tables[table] == nil {
			c.tables[table] = make(map[string]generation)
		}
		o = &origin{source: source, table: table, generations: c.tables[table]}
		c.origins[key] = o
	}
	return o
}

// used says whether the origin was ever counted.
func (o *origin) used() bool { return len(o.books)+o.closed > 0 }

func (o *origin) remove(b *book) {
	o.books = slices.DeleteFunc(o.books, func(other *book) bool { return other == b })
}

// inherit notes that the generation of a session's process is the current one.
func (o *origin) inherit(s *Session) {
	if s.Number >= o.currentBy {
		o.current, o.currentBy = s.live, s.Number
	}
}

func (o *origin) close(s *Session, now time.Time) {
	o.sessions = slices.DeleteFunc(o.sessions, func(other *Session) bool { return other == s })
	o.gone = remember(o.gone, process{s.PID, now}, settle)
}

// remember adds a process to those of the last time.
func remember(list []process, p process, last time.Duration) []process {
	list = slices.DeleteFunc(list, func(other process) bool { return other.pid == p.pid || p.end.Sub(other.end) >= last })
	if len(list) >= maxGone {
		list = slices.Delete(list, 0, 1)
	}
	return append(list, p)
}

// count notes that a process on probation was counted.
func (o *origin) count(pid int, now time.Time) {
	if n := len(o.young); n > 0 && o.young[n-1] == (process{pid, now}) {
		return
	}
	o.young = remember(o.young, process{pid, now}, youth)
}

// counted says whether a process that can be the one of that number was.
func (o *origin) counted(pid int, now time.Time) bool {
	return slices.ContainsFunc(o.young, func(p process) bool { return p.pid == pid && now.Sub(p.end) < youth })
}

// quiet says that no process but that of s was connected in the last settle time. A
// process without a number may be any.
func (o *origin) quiet(s *Session, now time.Time) bool {
	same := func(pid int) bool { return pid != 0 && pid == s.PID }
	for _, other := range o.sessions {
		if other != s && !same(other.PID) {
			return false
		}
	}
	for _, p := range o.gone {
		if !same(p.pid) && now.Sub(p.end) < settle {
			return false
		}
	}
	return true
}

// alone says that no other session, of whatever process, was open in that time.
func (o *origin) alone(now time.Time) bool {
	return len(o.sessions) == 1 && !slices.ContainsFunc(o.gone, func(p process) bool { return now.Sub(p.end) < settle })
}
