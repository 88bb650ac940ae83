package tracker

import (
	"bytes"
	"time"
)

// settle is how long what a process of HAProxy knew can still come up in the process
// after it: an old worker tries for 5 s to teach, a new one waits 5 s for it, and both
// begin up to 5 s apart.
const settle = 15 * time.Second

// Session is one connection of a source, as far as counting is concerned. It belongs
// to the Counts that it was first given to.
type Session struct {
	Source string
	Table  string // without the slash
	Number uint32 // grows with each session, in the order in which they began
	PID    int    // of the process, 0 if it is not known

	origin   *origin
	finished bool // everything was told once

	// Generation keys: the book that was found last, and the one that was counted
	// live last, which is that of the process itself.
	generation []byte
	book       *book
	epoch      uint32
	live       *book

	probation probation // plain keys
}

// Open begins a session. Count does so for one that was not opened.
func (c *Counts) Open(s *Session) {
	s.origin = c.origin(s.Source, s.Table)
	s.origin.newest = max(s.origin.newest, s.Number)
	s.origin.sessions = append(s.origin.sessions, s)
	c.newest = max(c.newest, s.Number)
	if c.rules.Keys == PlainKeys {
		s.probation = probation{told: make(map[uint32]uint32), alone: !c.young() && s.origin.alone(c.now)}
	}
}

// Started says that the peer has asked for a resync: it began with empty tables.
func (c *Counts) Started(s *Session) {
	if c.rules.Keys == PlainKeys {
		c.startedPlain(s)
	}
}

// Finished says that the peer has told everything it knows, and that it has learned
// everything from the process before it.
func (c *Counts) Finished(s *Session) {
	s.finished = true
	if c.rules.Keys == PlainKeys {
		c.finishedPlain(s)
	} else if s.live != nil {
		s.origin.inherit(s)
	}
}

// Close ends a session that was opened.
func (c *Counts) Close(s *Session) {
	o := s.origin
	o.close(s, c.now)
	if !o.used() && len(o.sessions) == 0 {
		delete(c.origins, originKey{o.source, o.table})
	}
}

// cut returns where the customer ends in a key and the bar is, -1 if no generation
// follows. It is the last bar: no generation has one.
func (s *Session) cut(key []byte) int {
	if g := s.generation; len(g) > 0 {
		if end := len(key) - len(g) - 1; end >= 0 && key[end] == '|' && string(key[end+1:]) == string(g) {
			return end // as in the key before it
		}
	}
	end := bytes.LastIndexByte(key, '|')
	if end == len(key)-1 {
		return -1
	}
	return end
}
