package peers

import (
	"errors"
	"fmt"
	"time"
)

// maxName bounds the name of a table, in bytes. HAProxy has no limit of its own.
const maxName = 1024

// Definition describes a table. The sender of updates defines a table before the
// first one and whenever it turns to another table.
type Definition struct {
	ID      uint64 // the sender's number of the table, meaningless to others
	Name    string // "/quota" for a table in a peers section, else the proxy's name
	KeyType KeyType
	KeyLen  uint64        // in bytes; of a string with its final NUL
	Expire  time.Duration // 0: entries stay until the table is full
	Fields  []Field       // ascending, up to the first type that is unknown

	// Unknown has a bit for each type from the first unknown one on. Their values
	// end every update and cannot be read.
	Unknown uint64
}

// Values returns how many numbers an update of the table holds.
func (d *Definition) Values() int {
	n := 0
	for i := range d.Fields {
		n += d.Fields[i].numbers()
	}
	return n
}

// Field finds a data type in the table.
func (d *Definition) Field(t DataType) (Field, bool) {
	f, _, ok := d.place(t)
	return f, ok
}

// Slot returns where in Update.Values the first number of a data type is, or -1.
// It is for readers of many updates, who look once per definition.
func (d *Definition) Slot(t DataType) int {
	f, slot, ok := d.place(t)
	if !ok || f.numbers() == 0 {
		return -1
	}
	return slot
}

// place finds a data type, and the slot of its first number.
func (d *Definition) place(t DataType) (f Field, slot int, ok bool) {
	for _, f := range d.Fields {
		if f.Type == t {
			return f, slot, true
		}
		slot += f.numbers()
	}
	return Field{}, 0, false
}

// AppendTo appends the message. The fields must be known types in ascending order.
func (d *Definition) AppendTo(b []byte) []byte {
	p := appendVarint(nil, d.ID)
	p = appendVarint(p, uint64(len(d.Name)))
	p = append(p, d.Name...)
	p = appendVarint(p, uint64(d.KeyType))
	p = appendVarint(p, d.KeyLen)
	bits := d.Unknown
	for _, f := range d.Fields {
		bits |= 1 << f.Type
	}
	p = appendVarint(p, bits)
	p = appendVarint(p, uint64(d.Expire.Milliseconds()))
	for _, f := range d.Fields {
		p = f.appendParams(p)
	}
	return appendFrame(b, classTable, typeDefinition, p)
}

// errUnusable is wrapped when a definition is well-formed but tells too little, or
// nothing that is known, to read updates of the table. HAProxy ignores it and the
// updates that follow, and keeps the session (peer_treat_definemsg, src/peers.c).
var errUnusable = errors.New("table cannot be read")

// parseDefinition reads a definition. Only what comes before the key type must be
// there for d.ID to be set; it is, when the error wraps errUnusable.
func parseDefinition(b []byte) (d Definition, n int, err error) {
	c := cursor{b: b}
	d.ID = c.varint()
	name := c.bytes(c.varint())
	keyType := c.varint()
	d.KeyLen = c.varint()
	bits := c.varint()
	if c.err != nil {
		return Definition{}, 0, c.err
	}
	if len(name) == 0 || len(name) > maxName {
		return Definition{}, 0, fmt.Errorf("table name of %d bytes, limit %d", len(name), maxName)
	}
	d.Name = string(name)
	if keyType > 255 {
		return d, 0, fmt.Errorf("%w: key type %d", errUnusable, keyType)
	}
	d.KeyType = KeyType(keyType)
	if err := d.KeyType.check(d.KeyLen); err != nil {
		return d, 0, fmt.Errorf("%w: %w", errUnusable, err)
	}
	// Neither expiry nor parameters before HAProxy 1.8. HAProxy takes an expiry cut
	// short for one that is not there.
	expire := c.varint()
	params := c.err == nil
	c.err = nil
	d.Expire = milliseconds(expire)
	if err := d.parseFields(&c, bits, params); err != nil {
		return d, 0, fmt.Errorf("%w: %w", errUnusable, err)
	}
	return d, c.pos, nil
}

// parseFields reads the parameters of the types whose bit is set. It stops at the
// first unknown type: whether that has parameters is unknown too.
func (d *Definition) parseFields(c *cursor, bits uint64, params bool) error {
	for t := DataType(0); t < 64; t++ {
		if bits&(1<<t) == 0 {
			continue
		}
		if !t.known() {
			d.Unknown = bits &^ (1<<t - 1)
			return nil
		}
		f, err := parseField(c, t, params)
		if err != nil {
			return fmt.Errorf("%v: %w", t, err)
		}
		d.Fields = append(d.Fields, f)
	}
	return nil
}
