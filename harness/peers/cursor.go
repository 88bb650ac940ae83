package peers

import "encoding/binary"

// cursor reads a payload from left to right and remembers the first error, so
// that a rare message can be read without a check after every field.
type cursor struct {
	b   []byte
	pos int
	err error
}

func (c *cursor) left() int { return len(c.b) - c.pos }

func (c *cursor) varint() uint64 {
	if c.err != nil {
		return 0
	}
	v, n, err := parseVarint(c.b[c.pos:])
	c.pos += n
	c.err = err
	return v
}

func (c *cursor) uint32() uint32 {
	b := c.bytes(4)
	if c.err != nil {
		return 0
	}
	return binary.BigEndian.Uint32(b)
}

// bytes returns the next n bytes, which alias the payload.
func (c *cursor) bytes(n uint64) []byte {
	if c.err != nil {
		return nil
	}
	if n > uint64(c.left()) {
		c.err = errShort
		return nil
	}
	b := c.b[c.pos : c.pos+int(n)]
	c.pos += int(n)
	return b
}
