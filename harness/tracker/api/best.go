package api

import (
	"cmp"
	"slices"
)

// ranked is a customer and what it is ordered by: the larger key comes first, then
// the smaller number.
type ranked struct {
	key    uint64
	number uint32
}

func (r ranked) compare(other ranked) int {
	if r.key != other.key {
		return cmp.Compare(other.key, r.key)
	}
	return cmp.Compare(r.number, other.number)
}

// best keeps the first few of what it is offered: a heap with the last of them on top.
type best struct {
	limit int
	heap  []ranked
}

func newBest(limit int) *best { return &best{limit: limit} }

func (b *best) offer(r ranked) {
	if len(b.heap) < b.limit {
		b.heap = append(b.heap, r)
		for i := len(b.heap) - 1; i > 0; {
			parent := (i - 1) / 2
			if b.heap[i].compare(b.heap[parent]) <= 0 {
				return
			}
			b.heap[i], b.heap[parent] = b.heap[parent], b.heap[i]
			i = parent
		}
		return
	}
	if b.limit == 0 || r.compare(b.heap[0]) >= 0 {
		return
	}
	b.heap[0] = r
	b.sink()
}

func (b *best) sink() {
	for i := 0; ; {
		last := i
		for _, child := range [2]int{2*i + 1, 2*i + 2} {
			if child < len(b.heap) && b.heap[child].compare(b.heap[last]) > 0 {
				last = child
			}
		}
		if last == i {
			return
		}
		b.heap[i], b.heap[last] = b.heap[last], b.heap[i]
		i = last
	}
}

// sorted returns what was kept, the first first. It must be called last.
func (b *best) sorted() []ranked {
	slices.SortFunc(b.heap, ranked.compare)
	return b.heap
}
