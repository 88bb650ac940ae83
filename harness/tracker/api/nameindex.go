package api

import (
	"cmp"
	"encoding/binary"
	"slices"
	"strings"
	"sync"
	"time"
)

// indexAge is how long names that are new may be missing from lists by name.
const indexAge = 2 * time.Second

// nameIndex is the order of the names. It holds 4 bytes per name, and is built when it
// is asked for first: names are only ever added, so that later only new ones are
// sorted. A list that was returned is never changed.
type nameIndex struct {
	mu     sync.Mutex
	sorted []uint32
	at     time.Time // when it was brought up to date
}

// of returns the numbers of the names in their order; at most indexAge old.
func (x *nameIndex) of(names []string, now time.Time) []uint32 {
	x.mu.Lock()
	defer x.mu.Unlock()
	known := len(x.sorted)
	if known >= len(names) || known > 0 && now.Sub(x.at) < indexAge {
		return x.sorted
	}
	x.sorted = merged(x.sorted, sortedFrom(names, known), names)
	x.at = now
	return x.sorted
}

// sortedFrom orders the names from a number on. Eight bytes of each, after what all
// have in common, decide most comparisons without a look at the name.
func sortedFrom(names []string, first int) []uint32 {
	type sortable struct {
		key    uint64
		number uint32
	}
	common := commonPrefix(names[first:])
	all := make([]sortable, len(names)-first)
	for i := range all {
		var key [8]byte
		copy(key[:], names[first+i][common:])
		all[i] = sortable{binary.BigEndian.Uint64(key[:]), uint32(first + i)}
	}
	slices.SortFunc(all, func(a, b sortable) int {
		if a.key != b.key {
			return cmp.Compare(a.key, b.key)
		}
		return strings.Compare(names[a.number], names[b.number])
	})
	numbers := make([]uint32, len(all))
	for i := range all {
		numbers[i] = all[i].number
	}
	return numbers
}

// commonPrefix is how many bytes at the beginning all names share.
func commonPrefix(names []string) int {
	if len(names) == 0 {
		return 0
	}
	n := len(names[0])
	for _, name := range names[1:] {
		n = min(n, len(name))
		for n > 0 && name[:n] != names[0][:n] {
			n--
		}
	}
	return n
}

// merged returns both orders as one.
func merged(a, b []uint32, names []string) []uint32 {
	if len(a) == 0 {
		return b
	}
	out := make([]uint32, 0, len(a)+len(b))
	for _, n := range b {
		at, _ := slices.BinarySearchFunc(a, names[n], func(m uint32, name string) int { return strings.Compare(names[m], name) })
		out = append(append(out, a[:at]...), n)
		a = a[at:]
	}
	return append(out, a...)
}

// beginning returns the part of an order whose names begin with a prefix.
func beginning(order []uint32, names []string, prefix string) []uint32 {
	from, _ := slices.BinarySearchFunc(order, prefix, func(n uint32, p string) int { return strings.Compare(names[n], p) })
	order = order[from:]
	to, _ := slices.BinarySearchFunc(order, prefix, func(n uint32, p string) int {
		if strings.HasPrefix(names[n], p) {
			return -1
		}
		return 1
	})
	return order[:to]
}
