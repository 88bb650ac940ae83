package peers

import (
	"fmt"
	"time"
)

// maxElements bounds the array types; HAProxy allows 100 (stick_table-t.h,
// STKTABLE_MAX_DT_ARRAY_SIZE), but that can be changed when it is built.
const maxElements = 1024

// KeyType says what the keys of a table are.
type KeyType uint8

// The key types on the wire (doc/peers.txt), fixed whatever HAProxy's version.
const (
	KeyInteger KeyType = 2
	KeyIPv4    KeyType = 4
	KeyIPv6    KeyType = 5
	KeyString  KeyType = 6
	KeyBinary  KeyType = 7
)

// Field is one data type of a table.
type Field struct {
	Type     DataType
	Elements int           // 1 unless the type is an array
	Period   time.Duration // rates only
	slot     int           // of its first number in Update.Values
}

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
	if len(d.Fields) == 0 {
		return 0
	}
	last := d.Fields[len(d.Fields)-1]
	return last.slot + last.numbers()
}

// Field finds a data type in the table.
func (d *Definition) Field(t DataType) (Field, bool) {
	for _, f := range d.Fields {
		if f.Type == t {
			return f, true
		}
	}
	return Field{}, false
}

// Slot returns where in Update.Values the first number of a data type is, or -1.
// It is for readers of many updates, who look once per definition.
func (d *Definition) Slot(t DataType) int {
	f, ok := d.Field(t)
	if !ok || dataTypes[t].enc == encDict {
		return -1
	}
	return f.slot
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

func (f Field) numbers() int { return f.Elements * dataTypes[f.Type].enc.numbers() }

// appendParams appends what a definition says of the field beside its bit.
func (f Field) appendParams(b []byte) []byte {
	if !f.Type.hasParams() {
		return b
	}
	b = appendVarint(b, uint64(f.Type))
	if dataTypes[f.Type].array {
		b = appendVarint(b, uint64(f.Elements))
	}
	if dataTypes[f.Type].enc == encFreq {
		b = appendVarint(b, uint64(f.Period.Milliseconds()))
	}
	return b
}

func parseDefinition(b []byte) (d Definition, n int, err error) {
	c := cursor{b: b}
	d.ID = c.varint()
	d.Name = string(c.bytes(c.varint()))
	keyType := c.varint()
	d.KeyLen = c.varint()
	bits := c.varint()
	if c.err == nil && c.left() > 0 { // absent before HAProxy 1.8
		d.Expire = milliseconds(c.varint())
	}
	if c.err != nil {
		return Definition{}, 0, c.err
	}
	if keyType > 255 {
		return Definition{}, 0, fmt.Errorf("key type %d", keyType)
	}
	d.KeyType = KeyType(keyType)
	if err := d.KeyType.check(d.KeyLen); err != nil {
		return Definition{}, 0, err
	}
	if err := d.parseFields(&c, bits); err != nil {
		return Definition{}, 0, err
	}
	d.layOut()
	return d, c.pos, nil
}

// parseFields reads the parameters of the types whose bit is set. It stops at the
// first unknown type: whether that has parameters is unknown too.
func (d *Definition) parseFields(c *cursor, bits uint64) error {
	for t := DataType(0); t < 64; t++ {
		if bits&(1<<t) == 0 {
			continue
		}
		if !t.known() {
			d.Unknown = bits &^ (1<<t - 1)
			return nil
		}
		f, err := parseField(c, t)
		if err != nil {
			return fmt.Errorf("%v: %w", t, err)
		}
		d.Fields = append(d.Fields, f)
	}
	return nil
}

func parseField(c *cursor, t DataType) (Field, error) {
	f := Field{Type: t, Elements: 1}
	if !t.hasParams() || (c.left() == 0 && !dataTypes[t].array) { // before 1.8 rates had none
		return f, nil
	}
	named := c.varint()
	if c.err == nil && named != uint64(t) {
		return Field{}, fmt.Errorf("parameters are of data type %d", named)
	}
	if dataTypes[t].array {
		elements := c.varint()
		if elements > maxElements {
			return Field{}, fmt.Errorf("%w: %d array elements, limit %d", ErrSize, elements, maxElements)
		}
		f.Elements = int(elements)
	}
	if dataTypes[t].enc == encFreq {
		f.Period = milliseconds(c.varint())
	}
	return f, c.err
}

// layOut gives each field its place in Update.Values.
func (d *Definition) layOut() {
	slot := 0
	for i := range d.Fields {
		d.Fields[i].slot = slot
		slot += d.Fields[i].numbers()
	}
}

// milliseconds converts a time from the wire, which HAProxy keeps in 32 bits.
func milliseconds(v uint64) time.Duration {
	return time.Duration(uint32(v)) * time.Millisecond
}

// String is the name of the type, with its number of elements and its period.
func (f Field) String() string {
	s := f.Type.String()
	if dataTypes[f.Type].array {
		s += fmt.Sprintf("(%d)", f.Elements)
	}
	if f.Period > 0 {
		s += "/" + f.Period.String()
	}
	return s
}
