package store

import (
	"cmp"
	"math/bits"
	"slices"

	"github.com/haproof/haproof/harness/tracker"
)

// ref stands for a state while it is sorted.
type ref struct {
	key   uint64
	index uint32
}

const (
	digitBits = 11
	fewStates = 256 // below this a comparing sort is quicker
)

// sorter sorts states by book and customer, those that are alike in the order in
// which they came. It is a radix sort over the bits that differ.
type sorter struct {
	refs, swap []ref
	counts     [1 << digitBits]uint32
}

// sort returns the order; it is valid until the next call.
func (s *sorter) sort(states []tracker.EntryState) []ref {
	n := len(states)
	if cap(s.refs) < n {
		s.refs, s.swap = make([]ref, n), make([]ref, n)
	}
	refs := s.refs[:n]
	customers, least, most := uint32(0), ^uint32(0), uint32(0)
	for i := range states {
		customers |= states[i].Customer
		least, most = min(least, states[i].Book), max(most, states[i].Book)
	}
	width := bits.Len32(customers)
	sorted, before := true, uint64(0)
	for i := range states {
		key := uint64(states[i].Book-least)<<width | uint64(states[i].Customer)
		sorted = sorted && key >= before
		before = key
		refs[i] = ref{key, uint32(i)}
	}
	switch {
	case sorted:
	case n < fewStates:
		slices.SortStableFunc(refs, func(a, b ref) int { return cmp.Compare(a.key, b.key) })
	default:
		refs = s.radix(refs, width+bits.Len32(most-least))
	}
	return refs
}

func (s *sorter) radix(refs []ref, width int) []ref {
	to := s.swap[:len(refs)]
	for shift := 0; shift < width; shift += digitBits {
		clear(s.counts[:])
		for i := range refs {
			s.counts[refs[i].key>>shift&(1<<digitBits-1)]++
		}
		sum := uint32(0)
		for i, n := range s.counts {
			s.counts[i] = sum
			sum += n
		}
		for _, r := range refs {
			digit := r.key >> shift & (1<<digitBits - 1)
			to[s.counts[digit]] = r
			s.counts[digit]++
		}
		refs, to = to, refs
	}
	return refs
}
