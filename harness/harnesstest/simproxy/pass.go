package simproxy

// fillSize is how much a link prepares for one write, in bytes.
const fillSize = 64 << 10

// push appends live updates.
func (l *link) push(b []byte) []byte {
	t := &l.proxy.table
	if l.pushed >= t.local {
		return b
	}
	w := l.pass(false)
	for _, s := range t.after(l.pushed) {
		if len(b) >= fillSize {
			return b
		}
		l.pushed = s.seq
		if t.stale(s) {
			continue
		}
		b = w.update(b, s.entry)
		l.inflight = append(l.inflight, promise{s.seq, t.entries[s.entry].count, s.entry})
		l.proxy.sent++
	}
	l.pushed = t.local
	return b
}

// pass encodes the updates of one write: the first one has its number with it.
type pass struct {
	link  *link
	names []string
	form  form
	first bool
}

func (l *link) pass(timed bool) *pass {
	return &pass{link: l, names: l.proxy.roster.list(), form: form{timed: timed}, first: true}
}

// define appends the definition, which a session needs once: there is one table.
func (w *pass) define(b []byte) []byte {
	if w.link.defined {
		return b
	}
	w.link.defined = true
	return appendDefinition(b, w.link.proxy.cfg.Table, w.link.proxy.cfg.KeyLen)
}

func (w *pass) update(b []byte, i uint32) []byte {
	b = w.define(b)
	t := &w.link.proxy.table
	e := &t.entries[i]
	e.seen = true
	id := uint32(e.seq)
	w.form.explicit = w.first || id != w.link.lastID+1
	w.first, w.link.lastID = false, id
	return appendUpdate(b, w.form, id, w.names[e.customer], t.books[e.book].generation, e.value)
}
