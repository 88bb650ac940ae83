package tracker

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

	// What a customer was counted is the sum of both. The growth is that of the
	// current hour since it was last taken; grown lists whose is not zero.
	taken   []uint64
	pending []uint64
	grown   []uint32
}

func newCustomers() customers { return customers{index: newIndex()} }

// enter returns the number of a customer, a new one if it is new. It is false if
// there are too many.
func (c *customers) enter(name []byte) (uint32, bool) {
	n, hash, ok := c.index.find(name, c.names)
	if ok {
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
	c.taken = append(c.taken, 0)
	c.pending = append(c.pending, 0)
	return n
}

// find does not enter a customer.
func (c *customers) find(name string) (uint32, bool) {
	n, _, ok := c.index.find([]byte(name), c.names)
	return n, ok
}

func (c *customers) grow(n uint32, by uint64) {
	if by == 0 {
		return
	}
	if c.pending[n] == 0 {
		c.grown = append(c.grown, n)
	}
	c.pending[n] += by
	c.total += by
}

// restore adds to a total without growth.
func (c *customers) restore(n uint32, by uint64) {
	c.taken[n] += by
	c.total += by
}

// takeGrowth appends what has grown since it was last called.
func (c *customers) takeGrowth(to []Growth, hour Hour) []Growth {
	for _, n := range c.grown {
		to = append(to, Growth{Customer: n, Hour: hour, N: c.pending[n]})
		c.taken[n] += c.pending[n]
		c.pending[n] = 0
	}
	c.grown = c.grown[:0]
	return to
}

func (c *customers) of(n uint32) uint64 { return c.taken[n] + c.pending[n] }

func (c *customers) totals(into Totals) Totals {
	t := Totals{Total: c.total, Names: c.list(0), Each: append(into.Each[:0], c.taken...)}
	for _, n := range c.grown {
		t.Each[n] += c.pending[n]
	}
	return t
}

// list returns the names from a number on.
func (c *customers) list(first uint32) []string { return c.names[first:len(c.names):len(c.names)] }

// bytes is the memory that they take, about.
func (c *customers) bytes() uint64 {
	return uint64(len(c.index.slots))*8 + uint64(c.arena.size) +
		uint64(cap(c.names))*16 + uint64(cap(c.taken)+cap(c.pending))*8 + uint64(cap(c.grown))*4
}
