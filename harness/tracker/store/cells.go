package store

import (
	"encoding/binary"
	"hash/crc32"
)

// A block holds the cells of blockSize customers that follow one another, in one
// group. A group is a book or an hour.
const (
	blockBits = 9
	blockSize = 1 << blockBits
)

// cell is what is stored for a customer in a group: the counter of an entry, or the
// growth of an hour in base.
type cell struct {
	base  uint64
	last  uint32
	stamp uint32 // 0 where there is none; while merging, 1 + the row that it is from
}

type cells [blockSize]cell

// blockID numbers the blocks of a table, in the order of group and customer.
func blockID(group, customer uint32) int64 {
	return int64(place(group, customer) >> blockBits)
}

// firstOf returns where a block begins.
func firstOf(id int64) (group, customer uint32) {
	at := uint64(id) << blockBits
	return uint32(at >> 32), uint32(at)
}

// place orders cells by group and customer.
func place(group, customer uint32) uint64 { return uint64(group)<<32 | uint64(customer) }

// A cell is its distance from the one before it, with two flags below, and what is
// not zero of last and base.
const (
	hasBase   = 1
	hasLast   = 2
	cellFlags = 2 // bits
)

func appendCell(b []byte, distance uint32, base uint64, last uint32) []byte {
	tag := uint64(distance) << cellFlags
	if base != 0 {
		tag |= hasBase
	}
	if last != 0 {
		tag |= hasLast
	}
	b = binary.AppendUvarint(b, tag)
	if last != 0 {
		b = binary.AppendUvarint(b, uint64(last))
	}
	if base != 0 {
		b = binary.AppendUvarint(b, base)
	}
	return b
}

// cell reads what appendCell wrote.
func (d *decoder) cell() (distance uint32, base uint64, last uint32) {
	tag := d.uvarint()
	if tag&hasLast != 0 {
		last = d.uint32()
	}
	if tag&hasBase != 0 {
		base = d.uvarint()
	}
	if tag>>cellFlags > 1<<32-1 {
		d.bad = true
	}
	return uint32(tag >> cellFlags), base, last
}

const sumSize = 4

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// checksum binds bytes to the number of their row, so that rows that were swapped
// are found out.
func checksum(row int64, body []byte) uint32 {
	var number [8]byte
	binary.LittleEndian.PutUint64(number[:], uint64(row))
	return crc32.Update(crc32.Checksum(number[:], castagnoli), castagnoli, body)
}

// seal appends the checksum of b[from:].
func seal(b []byte, from int, row int64) []byte {
	return binary.LittleEndian.AppendUint32(b, checksum(row, b[from:]))
}

// unseal checks the checksum and takes it off.
func unseal(row int64, body []byte) ([]byte, error) {
	n := len(body) - sumSize
	if n < 0 || binary.LittleEndian.Uint32(body[n:]) != checksum(row, body[:n]) {
		return nil, damaged("row %d: wrong checksum over %d bytes", row, len(body))
	}
	return body[:n], nil
}

// appendBlock packs the cells that are there, and seals them.
func appendBlock(b []byte, id int64, c *cells) []byte {
	from, before := len(b), 0
	for i := range c {
		if c[i].stamp != 0 {
			b = appendCell(b, uint32(i-before), c[i].base, c[i].last)
			before = i
		}
	}
	return seal(b, from, id)
}

// eachCell passes on the cells of a block.
func eachCell(id int64, body []byte, visit func(i uint32, base uint64, last uint32)) error {
	body, err := unseal(id, body)
	if err != nil {
		return err
	}
	d, at := decoder{b: body}, uint32(0)
	for len(d.b) > 0 {
		distance, base, last := d.cell()
		if d.bad || distance >= blockSize-at {
			return damaged("row %d: cell beyond %d", id, blockSize)
		}
		at += distance
		visit(at, base, last)
	}
	return nil
}
