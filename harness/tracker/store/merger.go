package store

import (
	"container/heap"
	"math/bits"
	"runtime"
)

const (
	windowBits   = 5
	windowBlocks = 1 << windowBits
)

// merger brings the cells of many rows of the journal together, in windows of
// windowBlocks blocks, in the order of group and customer. It holds the rows packed.
type merger struct {
	cursors cursorHeap
	add     bool // cells of the same place are added; otherwise that of the newest row stays
	w       window
}

// window holds cells of neighbouring blocks.
type window struct {
	first   int64  // block
	touched uint32 // a bit for each block that has cells
	blocks  [windowBlocks]cells
}

// newMerger merges sections that are in the order of their rows. It leaves out the
// cells that skip, if any, says it should.
func newMerger(sections [][]byte, add bool, skip func(row int, at uint64) bool) (*merger, error) {
	m := &merger{add: add}
	for i, section := range sections {
		c := &cursor{d: decoder{b: section}, row: uint32(i), skip: skip}
		if c.advance() {
			m.cursors = append(m.cursors, c)
		} else if c.d.bad {
			return nil, damaged("malformed cells in the journal")
		}
	}
	heap.Init(&m.cursors)
	return m, nil
}

// next fills the window; it returns nil at the end. The window is valid until the
// next call.
func (m *merger) next() (*window, error) {
	runtime.Gosched() // a commit may wait for the processor
	for rest := m.w.touched; rest != 0; rest &= rest - 1 {
		clear(m.w.blocks[bits.TrailingZeros32(rest)][:])
	}
	m.w.touched = 0
	if len(m.cursors) == 0 {
		return nil, nil
	}
	low := m.cursors[0]
	m.w.first = blockID(low.group, low.customer) &^ (windowBlocks - 1)
	end := uint64(m.w.first+windowBlocks) << blockBits
	for len(m.cursors) > 0 && m.cursors[0].place() < end {
		c := m.cursors[0]
		more := true
		for more && c.place() < end {
			m.put(c)
			more = c.advance()
		}
		switch {
		case more:
			heap.Fix(&m.cursors, 0)
		case c.d.bad:
			return nil, damaged("malformed cells in the journal")
		default:
			heap.Pop(&m.cursors)
		}
	}
	return &m.w, nil
}

func (m *merger) put(c *cursor) {
	block := c.customer >> blockBits & (windowBlocks - 1)
	m.w.touched |= 1 << block
	k := &m.w.blocks[block][c.customer&(blockSize-1)]
	switch {
	case m.add:
		k.base += c.base
		k.stamp = 1
	case c.row+1 >= k.stamp:
		*k = cell{c.base, c.last, c.row + 1}
	}
}

// under adds what a block held before to what the journal says of it.
func (m *merger) under(k *cells, id int64, body []byte) error {
	return eachCell(id, body, func(i uint32, base uint64, last uint32) {
		switch {
		case m.add:
			k[i].base += base
			k[i].stamp = 1
		case k[i].stamp == 0:
			k[i] = cell{base, last, 1}
		}
	})
}

// ids appends the numbers of the blocks that have cells.
func (w *window) ids(to []int64) []int64 {
	for rest := w.touched; rest != 0; rest &= rest - 1 {
		to = append(to, w.first+int64(bits.TrailingZeros32(rest)))
	}
	return to
}

// block returns the cells of a block of the window.
func (w *window) block(id int64) *cells { return &w.blocks[id-w.first] }

// cursorHeap has the cursor of the lowest place on top.
type cursorHeap []*cursor

func (h cursorHeap) Len() int           { return len(h) }
func (h cursorHeap) Less(i, j int) bool { return h[i].place() < h[j].place() }
func (h cursorHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *cursorHeap) Push(x any)        { *h = append(*h, x.(*cursor)) }

func (h *cursorHeap) Pop() any {
	old := *h
	c := old[len(old)-1]
	*h = old[:len(old)-1]
	return c
}
