package peers

import (
	"bytes"
	"fmt"
)

// maxKept bounds the definition that is kept to recognise it when it is repeated,
// in bytes. A longer one is just read again.
const maxKept = 2048

// tables are the tables that a sender has defined. As in HAProxy they are known by
// name: a new number for a name takes the place of the old one, and a number given to
// another name is taken from the first (peer_treat_definemsg, src/peers.c).
type tables struct {
	byName  map[string]*table
	byID    map[uint64]*table
	current *table // nil when updates cannot be read
}

type table struct {
	def    *Definition
	text   []byte // payload of the definition, nil if it was too long to keep
	lastID uint32
}

// define enters or replaces a table and makes it the current one. The number of
// its last update survives: HAProxy defines a table again whenever it turns to it.
// The same words again cost nothing.
func (t *tables) define(payload []byte, limit int) (*Definition, error) {
	id, _, err := parseVarint(payload)
	if err != nil {
		return nil, err
	}
	if known, ok := t.byID[id]; ok && bytes.Equal(known.text, payload) {
		t.current = known
		return known.def, nil
	}
	t.current = nil
	delete(t.byID, id)
	def, _, err := parseDefinition(payload)
	if err != nil {
		return nil, err
	}
	entry, ok := t.byName[def.Name]
	if !ok && len(t.byName) >= limit {
		return nil, fmt.Errorf("%w: more than %d tables", ErrSize, limit)
	}
	if !ok {
		entry = t.enter(def.Name)
	} else if t.byID[entry.def.ID] == entry {
		delete(t.byID, entry.def.ID)
	}
	entry.def, entry.text = &def, nil
	if len(payload) <= maxKept {
		entry.text = bytes.Clone(payload)
	}
	t.byID[id] = entry
	t.current = entry
	return entry.def, nil
}

func (t *tables) enter(name string) *table {
	if t.byName == nil {
		t.byName, t.byID = make(map[string]*table), make(map[uint64]*table)
	}
	entry := &table{}
	t.byName[name] = entry
	return entry
}

// switchTo makes a table the current one, and none if there is none of that number.
func (t *tables) switchTo(id uint64) *Definition {
	t.current = t.byID[id]
	if t.current == nil {
		return nil
	}
	return t.current.def
}
