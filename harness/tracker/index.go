package tracker

import "hash/maphash"

// index finds numbers by name. It is a hash table with open addressing that does
// not hold the names.
type index struct {
	seed  maphash.Seed
	slots []slot // a power of two, at most 3/4 of them used
	used  int
}

type slot struct {
	hash   uint32
	number uint32 // plus 1; 0 is free
}

const minIndex = 16 // slots

func newIndex() index {
	return index{seed: maphash.MakeSeed(), slots: make([]slot, minIndex)}
}

func (x *index) hash(name []byte) uint32 { return uint32(maphash.Bytes(x.seed, name)) }

// guess returns the first number of that hash, almost always the only one, without a
// look at its name.
func (x *index) guess(hash uint32) (number uint32, ok bool) {
	mask := uint32(len(x.slots) - 1)
	for i := hash & mask; ; i = (i + 1) & mask {
		s := x.slots[i]
		if s.number == 0 || s.hash == hash {
			return s.number - 1, s.number != 0
		}
	}
}

// find returns the number whose name it is, by names.
func (x *index) find(name []byte, hash uint32, names []string) (number uint32, ok bool) {
	mask := uint32(len(x.slots) - 1)
	for i := hash & mask; ; i = (i + 1) & mask {
		s := x.slots[i]
		if s.number == 0 {
			return 0, false
		}
		if s.hash == hash && names[s.number-1] == string(name) {
			return s.number - 1, true
		}
	}
}

// add enters a number that is not there yet.
func (x *index) add(hash, number uint32) {
	if x.used >= len(x.slots)/4*3 {
		full := x.slots
		x.slots = make([]slot, 2*len(full))
		for _, s := range full {
			if s.number != 0 {
				x.put(s)
			}
		}
	}
	x.used++
	x.put(slot{hash, number + 1})
}

func (x *index) put(s slot) {
	mask := uint32(len(x.slots) - 1)
	i := s.hash & mask
	for x.slots[i].number != 0 {
		i = (i + 1) & mask
	}
	x.slots[i] = s
}
