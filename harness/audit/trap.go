package audit

import (
	"slices"
	"strings"
)

// trap is one way in which a configuration counts wrong.
type trap struct {
	id       string
	severity Severity
	what     string // is wrong, in general
	why      string // it matters, in one sentence
	mend     string
	look     func(c *Configuration, find finder) // nil if found while reading
}

// finder reports that a trap is at a line.
type finder func(l line, what string)

// traps are all that are known, by their ids.
var traps = map[string]trap{}

func register(t trap) {
	if _, taken := traps[t.id]; taken {
		panic("two traps are called " + t.id)
	}
	traps[t.id] = t
}

// find reports what was found at a line, unless the user has accepted it there.
func (c *Configuration) find(id string, l line, what string) {
	if slices.Contains(l.accepts, id) {
		return
	}
	t := traps[id]
	c.found = append(c.found, Finding{
		ID: id, Severity: t.severity, File: l.file, Line: l.number, What: what, Why: t.why, Mend: t.mend,
	})
}

// Examine looks for all traps. Call Bill before it.
func (c *Configuration) Examine() []Finding {
	kept := len(c.found)
	for _, t := range traps {
		if t.look != nil {
			t.look(c, func(l line, what string) { c.find(t.id, l, what) })
		}
	}
	found := slices.Clone(c.found)
	c.found = c.found[:kept]
	return arrange(found, c.Files)
}

// Trap describes one trap, for documentation.
type Trap struct {
	ID       string
	Severity Severity
	What     string
	Why      string
	Mend     string
}

// Traps returns all that are known, by id.
func Traps() []Trap {
	var all []Trap
	for _, t := range traps {
		all = append(all, Trap{t.id, t.severity, t.what, t.why, t.mend})
	}
	slices.SortFunc(all, func(a, b Trap) int { return strings.Compare(a.ID, b.ID) })
	return all
}
