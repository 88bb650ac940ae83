package store

import (
	"encoding/binary"
	"time"

	"github.com/haproof/haproof/harness/tracker"
)

// row is one row of the journal, unpacked but for its cells.
type row struct {
	seq           int64
	at            time.Time
	firstCustomer uint32
	customers     []string
	books         []tracker.BookState
	dropped       []uint32
	marks         []tracker.DrainMark
	entries       []byte
	growth        []byte
}

// parseRow unpacks what pack has packed. Its cells share memory with body.
func parseRow(seq int64, body []byte) (*row, error) {
	body, err := unseal(seq, body)
	if err != nil {
		return nil, err
	}
	d := decoder{b: body}
	if v := d.byte(); v != bodyVersion {
		return nil, damaged("row %d has version %d, known is %d", seq, v, bodyVersion)
	}
	r := &row{seq: seq, at: d.time(), firstCustomer: d.uint32()}
	for n := d.count(); n > 0; n-- {
		r.customers = append(r.customers, d.string())
	}
	for n := d.count(); n > 0; n-- {
		r.books = append(r.books, d.book())
	}
	for n := d.count(); n > 0; n-- {
		r.dropped = append(r.dropped, d.uint32())
	}
	for n := d.count(); n > 0; n-- {
		r.marks = append(r.marks, d.mark())
	}
	r.entries, r.growth = d.section(), d.section()
	if d.bad || len(d.b) > 0 {
		return nil, damaged("row %d is malformed", seq)
	}
	return r, nil
}

func (d *decoder) section() []byte {
	if len(d.b) < 4 {
		d.fail()
		return nil
	}
	n := binary.LittleEndian.Uint32(d.b)
	if uint64(n) > uint64(len(d.b)-4) {
		d.fail()
		return nil
	}
	v := d.b[4 : 4+n]
	d.b = d.b[4+n:]
	return v
}

// cursor goes through the cells of a section.
type cursor struct {
	d    decoder
	left uint64 // cells of this group
	row  uint32 // index of the row that it is from
	skip func(row int, at uint64) bool

	group, customer uint32
	base            uint64
	last            uint32
}

// next moves to the next cell. It is false at the end, and when d is bad.
func (c *cursor) next() bool {
	if c.left == 0 {
		if len(c.d.b) == 0 {
			return false
		}
		c.group += c.d.uint32()
		c.left = c.d.uvarint()
		c.customer = 0
		if c.left == 0 {
			c.d.fail()
			return false
		}
	}
	distance, base, last := c.d.cell()
	if c.d.bad {
		return false
	}
	c.customer += distance
	c.base, c.last = base, last
	c.left--
	return true
}

// advance moves to the next cell that is not skipped.
func (c *cursor) advance() bool {
	for c.next() {
		if c.skip == nil || !c.skip(int(c.row), c.place()) {
			return true
		}
	}
	return false
}

func (c *cursor) place() uint64 { return place(c.group, c.customer) }
