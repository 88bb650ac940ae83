package tracker

import "slices"

// What customers are remembered at most.
const (
	maxCustomers = 1 << 25
	maxNameBytes = 1 << 31 // of all their names together
)

// customers numbers the customers and adds up what each was counted.
type customers struct {
	index index
	names []string // only appended to: others read what they were given of it
	arena arena
	total uint64

	counted []counted // by number
	grown   []uint32  // whose pending is not zero
}

// counted is what a customer was counted: the sum of both.
type counted struct {
	taken   uint64
	pending uint64 // growth in the current hour since it was last taken
}

func newCustomers() customers { return customers{index: newIndex()} }

// enter returns the number of a customer, a new one if it is new. It is false if
// there are too many.
func (c *customers) enter(name []byte) (uint32, bool) {
	return c.enterHashed(name, c.index.hash(name))
}

// enterHashed is enter for those who know the hash of the name.
func (c *customers) enterHashed(name []byte, hash uint32) (uint32, bool) {
	if n, ok := c.index.find(name, hash, c.names); ok {
		return n, true
	}
	if len(c.names) >= maxCustomers || c.arena.size+len(name) > maxNameBytes {
		return 0, false
	}
	return c.add(hash, string(name)), true
}

func (c *customers) add(hash uint32, name string) uint32 {
	n := uint32(len(c.names))
	c.index.add(hash, n)
	c.names = append(c.names, c.arena.keep(name))
	c.counted = append(c.counted, counted{})
	return n
}

// find does not enter a customer.
func (c *customers) find(name string) (uint32, bool) {
	key := []byte(name)
	return c.index.find(key, c.index.hash(key), c.names)
}

func (c *customers) grow(n uint32, by uint64) {
	if by == 0 {
		return
	}
	k := &c.counted[n]
	if k.pending == 0 {
		c.grown = append(c.grown, n)
	}
	k.pending += by
	c.total += by
}

// restore adds to a total without growth.
func (c *customers) restore(n uint32, by uint64) {
	c.counted[n].taken += by
	c.total += by
}

// takeGrowth appends what has grown since it was last called.
func (c *customers) takeGrowth(to []Growth, hour Hour) []Growth {
	for _, n := range c.grown {
		k := &c.counted[n]
		to = append(to, Growth{Customer: n, Hour: hour, N: k.pending})
		k.taken += k.pending
		k.pending = 0
	}
	c.grown = c.grown[:0]
	return to
}

func (c *customers) of(n uint32) uint64 { return c.counted[n].taken + c.counted[n].pending }

func (c *customers) totals(into Totals) Totals {
	t := Totals{Total: c.total, Names: c.list(0), Each: slices.Grow(into.Each[:0], len(c.counted))}
	for i := range c.counted {
		t.Each = append(t.Each, c.of(uint32(i)))
	}
	return t
}

// list returns the names from a number on.
func (c *customers) list(first uint32) []string { return c.names[first:len(c.names):len(c.names)] }

// bytes is the memory that they take, about.
func (c *customers) bytes() uint64 {
	return uint64(len(c.index.slots))*8 + uint64(c.arena.size) +
		uint64(cap(c.names))*16 + uint64(cap(c.counted))*16 + uint64(cap(c.grown))*4
}
