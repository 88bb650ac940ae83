package peers

import (
	"fmt"
	"time"
)

// maxElements bounds the array types; HAProxy allows 100 (stick_table-t.h,
// STKTABLE_MAX_DT_ARRAY_SIZE), but that can be changed when it is built.
const maxElements = 1024

// Field is one data type of a table.
type Field struct {
	Type     DataType
	Elements int           // 1 unless the type is an array
	Period   time.Duration // rates only
}

// numbers is how many numbers of Update.Values the field takes.
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

// parseField reads the parameters of a type. Senders from before HAProxy 1.8 have
// none to give, which is no loss for a rate but leaves the size of an array open.
func parseField(c *cursor, t DataType, params bool) (Field, error) {
	f := Field{Type: t, Elements: 1}
	if !t.hasParams() || (!params && !dataTypes[t].array) {
		return f, nil
	}
	named := c.varint()
	if c.err == nil && named != uint64(t) {
		return Field{}, fmt.Errorf("parameters are of data type %d", named)
	}
	if dataTypes[t].array {
		elements := c.varint()
		if elements > maxElements {
			return Field{}, fmt.Errorf("%d array elements, limit %d", elements, maxElements)
		}
		f.Elements = int(elements)
	}
	if dataTypes[t].enc == encFreq {
		f.Period = milliseconds(c.varint())
	}
	return f, c.err
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
