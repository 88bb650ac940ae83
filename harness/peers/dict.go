package peers

import "fmt"

// maxDictID is the number of strings a sender may refer to
// (PEER_STKT_CACHE_MAX_ENTRIES, src/peers.c). Their numbers start at 1.
const maxDictID = 128

// Dict is the value of a ServerKey. The zero value means that there is none.
type Dict struct {
	ID   uint64 // what the sender will call the string from now on
	Text string
	Bare bool // only the ID was sent
}

// maxKnown bounds the strings that are kept to be used again, in bytes.
const maxKnown = 64 << 10

// dictCache remembers, for one direction of one session, what the sender's
// numbers mean. The sender reuses them in turn, so with more servers than numbers
// the same strings come again and again under other ones.
type dictCache struct {
	texts map[uint64]string
	known map[string]string // to itself
	size  int               // of known, in bytes
}

// parse reads a length, then a number, then the string if bytes remain.
func (d *dictCache) parse(b []byte) (entry Dict, n int, err error) {
	c := cursor{b: b}
	payload := c.bytes(c.varint())
	if c.err != nil || len(payload) == 0 {
		return Dict{}, c.pos, c.err
	}
	in := cursor{b: payload}
	entry.ID = in.varint()
	if in.err == nil && (entry.ID == 0 || entry.ID > maxDictID) {
		return Dict{}, 0, fmt.Errorf("%w: dictionary entry %d, limit %d", ErrSize, entry.ID, maxDictID)
	}
	if in.err == nil && in.left() == 0 {
		entry.Bare = true
		entry.Text = d.texts[entry.ID]
		return entry, c.pos, nil
	}
	text := in.bytes(in.varint())
	if in.err != nil {
		return Dict{}, 0, in.err
	}
	entry.Text = d.keep(entry.ID, text)
	return entry, c.pos, nil
}

// keep remembers what a number means from now on. A string that is known costs nothing.
func (d *dictCache) keep(id uint64, text []byte) string {
	if d.texts == nil {
		d.texts, d.known = make(map[uint64]string), make(map[string]string)
	}
	s, ok := d.known[string(text)]
	if !ok {
		s = string(text)
		d.know(s)
	}
	d.texts[id] = s
	return s
}

func (d *dictCache) know(s string) {
	if d.size += len(s); d.size > maxKnown {
		clear(d.known)
		d.size = len(s)
	}
	d.known[s] = s
}

func (e Dict) appendTo(b []byte) []byte {
	if e.ID == 0 {
		return append(b, 0)
	}
	p := appendVarint(nil, e.ID)
	if !e.Bare {
		p = appendVarint(p, uint64(len(e.Text)))
		p = append(p, e.Text...)
	}
	b = appendVarint(b, uint64(len(p)))
	return append(b, p...)
}
