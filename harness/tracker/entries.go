package tracker

// entries finds the entries of a book by the numbers of their customers. It is an
// extendible hash table: the highest bits of a hash choose a segment, a full segment
// splits by itself. So no insertion takes long, there is no worst case of memory, and
// an entry costs its 24 bytes at a fill of 7/16 to 7/8.
type entries struct {
	dir   []*segment // 1 << depth of them, several may be the same
	depth uint8
	n     int
}

// segment holds the entries whose hashes begin with the same depth bits.
type segment struct {
	depth uint8
	used  int
	slots []entry // a power of two
}

const (
	minSlots = 8
	maxSlots = 512 // 12 KiB
)

// hashOf spreads neighbours evenly. The numbers are ours: nobody can choose them.
func hashOf(customer uint32) uint64 { return uint64(customer) * 0x9E3779B97F4A7C15 }

// place returns the customer's entry, or the free slot for it.
func (s *segment) place(hash uint64, customer uint32) *entry {
	mask := uint64(len(s.slots) - 1)
	for i := hash >> 20 & mask; ; i = (i + 1) & mask {
		e := &s.slots[i]
		if e.id == 0 || e.id&^dirty == customer+1 {
			return e
		}
	}
}

// find returns nil if there is none. An entry moves when another is added.
func (t *entries) find(customer uint32) *entry {
	if len(t.dir) == 0 {
		return nil
	}
	hash := hashOf(customer)
	e := t.dir[hash>>(64-t.depth)].place(hash, customer)
	if e.id == 0 {
		return nil
	}
	return e
}

// warm reads where the entry of a customer begins or would, so that it is near.
func (t *entries) warm(customer uint32) uint32 {
	if len(t.dir) == 0 {
		return 0
	}
	hash := hashOf(customer)
	slots := t.dir[hash>>(64-t.depth)].slots
	return slots[hash>>20&uint64(len(slots)-1)].last
}

// add makes an entry for a customer that has none.
func (t *entries) add(customer uint32) *entry {
	if len(t.dir) == 0 {
		t.dir = []*segment{{slots: make([]entry, minSlots)}}
	}
	hash := hashOf(customer)
	s := t.dir[hash>>(64-t.depth)]
	for s.used >= len(s.slots)/8*7 {
		t.relieve(s, hash)
		s = t.dir[hash>>(64-t.depth)]
	}
	s.used++
	t.n++
	e := s.place(hash, customer)
	e.id = customer + 1
	return e
}

// relieve gives a full segment more room, or splits it.
func (t *entries) relieve(s *segment, hash uint64) {
	if len(s.slots) < maxSlots {
		slots := s.slots
		s.slots = make([]entry, 2*len(slots))
		s.fill(slots)
		return
	}
	if s.depth == t.depth {
		t.double()
	}
	low := &segment{depth: s.depth + 1, slots: make([]entry, maxSlots)}
	high := &segment{depth: s.depth + 1, slots: make([]entry, maxSlots)}
	for i := range s.slots {
		e := &s.slots[i]
		if e.id == 0 {
			continue
		}
		half := low
		h := hashOf(e.customer())
		if h>>(63-s.depth)&1 == 1 {
			half = high
		}
		half.used++
		*half.place(h, e.customer()) = *e
	}
	span := 1 << (t.depth - s.depth) // neighbours in dir that are s
	first := int(hash>>(64-t.depth)) &^ (span - 1)
	for i := range span {
		t.dir[first+i] = low
		if i >= span/2 {
			t.dir[first+i] = high
		}
	}
}

// fill puts entries into free slots.
func (s *segment) fill(slots []entry) {
	for i := range slots {
		if e := &slots[i]; e.id != 0 {
			*s.place(hashOf(e.customer()), e.customer()) = *e
		}
	}
}

func (t *entries) double() {
	dir := make([]*segment, 2*len(t.dir))
	for i, s := range t.dir {
		dir[2*i], dir[2*i+1] = s, s
	}
	t.dir = dir
	t.depth++
}

// bytes is the memory that they take.
func (t *entries) bytes() (n uint64) {
	var last *segment
	for _, s := range t.dir {
		if s != last {
			n += segmentBytes + uint64(len(s.slots))*entryBytes
			last = s
		}
	}
	return n + uint64(len(t.dir))*8
}

const (
	entryBytes   = 24
	segmentBytes = 48
)
