package store

import (
	"encoding/binary"
	"fmt"
	"math"
	"time"

	"github.com/haproof/haproof/harness/tracker"
)

const bodyVersion = 1

// maxBody bounds a packed batch; both databases take blobs of that size.
const maxBody = 900 << 20

// packer turns batches into rows of the journal.
type packer struct {
	sorter sorter
	growth []tracker.EntryState // with the hour as book and N as base
}

// pack returns the row and how many cells it holds. Messages are not part of it.
func (p *packer) pack(seq int64, b *tracker.Batch) (body []byte, states int, err error) {
	body = make([]byte, 0, 256+6*(len(b.Entries)+len(b.Growth)))
	body = append(body, bodyVersion)
	body = appendTime(body, b.At)
	body = binary.AppendUvarint(body, uint64(b.FirstCustomer))
	body = binary.AppendUvarint(body, uint64(len(b.Customers)))
	for _, name := range b.Customers {
		body = appendString(body, name)
	}
	body = binary.AppendUvarint(body, uint64(len(b.Books)))
	for i := range b.Books {
		body = appendBook(body, &b.Books[i])
	}
	body = binary.AppendUvarint(body, uint64(len(b.Dropped)))
	for _, id := range b.Dropped {
		body = binary.AppendUvarint(body, uint64(id))
	}
	body = binary.AppendUvarint(body, uint64(len(b.Drained)))
	for i := range b.Drained {
		body = appendMark(body, &b.Drained[i])
	}
	p.growth = p.growth[:0]
	for _, g := range b.Growth {
		if g.Hour < 0 || g.Hour > maxHour {
			return nil, 0, fmt.Errorf("growth in hour %d: hours are 0 to %d", g.Hour, maxHour)
		}
		if g.N > math.MaxInt64 {
			return nil, 0, fmt.Errorf("growth by %d: the limit is %d", g.N, math.MaxInt64)
		}
		p.growth = append(p.growth, tracker.EntryState{Book: uint32(g.Hour), Customer: g.Customer, Base: g.N})
	}
	body = p.appendCells(body, b.Entries)
	body = p.appendCells(body, p.growth)
	if len(body) > maxBody {
		return nil, 0, fmt.Errorf("batch of %d bytes is over the limit of %d", len(body), maxBody)
	}
	return seal(body, 0, seq), len(b.Entries) + len(b.Growth), nil
}

// maxHour is the last one that a block can be numbered with: in the year 246,953.
const maxHour tracker.Hour = 1<<31 - 1

// appendCells appends a section: its length in 4 bytes, then group by group the
// distance from the group before, the number of cells, and the cells.
func (p *packer) appendCells(b []byte, states []tracker.EntryState) []byte {
	refs := p.sorter.sort(states)
	start := len(b)
	b = append(b, 0, 0, 0, 0)
	before := uint32(0)
	for i := 0; i < len(refs); {
		group := states[refs[i].index].Book
		n := i
		for n < len(refs) && states[refs[n].index].Book == group {
			n++
		}
		b = binary.AppendUvarint(b, uint64(group-before))
		b = binary.AppendUvarint(b, uint64(n-i))
		before = group
		for at := uint32(0); i < n; i++ {
			s := &states[refs[i].index]
			b = appendCell(b, s.Customer-at, s.Base, s.Last)
			at = s.Customer
		}
	}
	binary.LittleEndian.PutUint32(b[start:], uint32(len(b)-start-4))
	return b
}

func appendString(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

const (
	flagLive = 1 << iota
	flagClosed
)

func appendBook(b []byte, s *tracker.BookState) []byte {
	b = binary.AppendUvarint(b, uint64(s.ID))
	b = appendString(b, s.Source)
	b = appendString(b, s.Table)
	b = appendString(b, s.Generation)
	flags := byte(0)
	if s.Live {
		flags |= flagLive
	}
	b = append(b, byte(s.Kind), flags)
	return appendTime(b, s.Touched)
}

func appendMark(b []byte, m *tracker.DrainMark) []byte {
	b = appendString(b, m.Source)
	b = appendString(b, m.Generation)
	b = binary.AppendUvarint(b, m.Seq)
	flags := byte(0)
	if m.Closed {
		flags |= flagClosed
	}
	return appendTime(append(b, flags), m.At)
}

// appendTime keeps milliseconds.
func appendTime(b []byte, t time.Time) []byte { return binary.AppendVarint(b, t.UnixMilli()) }

func (d *decoder) time() time.Time { return time.UnixMilli(d.varint()).UTC() }

func (d *decoder) book() tracker.BookState {
	s := tracker.BookState{ID: d.uint32(), Source: d.string(), Table: d.string(), Generation: d.string()}
	s.Kind = tracker.BookKind(d.byte())
	s.Live = d.byte()&flagLive != 0
	s.Touched = d.time()
	return s
}

func (d *decoder) mark() tracker.DrainMark {
	m := tracker.DrainMark{Source: d.string(), Generation: d.string(), Seq: d.uvarint()}
	m.Closed = d.byte()&flagClosed != 0
	m.At = d.time()
	return m
}
