package witness

import (
	"math/bits"

	"github.com/haproof/haproof/harness"
)

// IDSet is a set of sequence ids, noted in any order: one bit per id, in pages
// of 128 KiB that exist only where ids are. The zero value is empty.
type IDSet struct{ pages []*page }

const pageIDs = 1 << 20

type page [pageIDs / 64]uint64

// Add notes an id below MaxSeq and says whether it is new.
func (s *IDSet) Add(id uint64) bool {
	for uint64(len(s.pages)) <= id/pageIDs {
		s.pages = append(s.pages, nil)
	}
	p := &s.pages[id/pageIDs]
	if *p == nil {
		*p = new(page)
	}
	word, bit := &(*p)[id%pageIDs/64], uint64(1)<<(id%64)
	isNew := *word&bit == 0
	*word |= bit
	return isNew
}

// Has says whether an id was added.
func (s *IDSet) Has(id uint64) bool {
	n := id / pageIDs
	return n < uint64(len(s.pages)) && s.pages[n] != nil && s.pages[n][id%pageIDs/64]&(1<<(id%64)) != 0
}

// spans returns the ids as ranges, ascending and disjoint.
func (s *IDSet) spans() []harness.Span {
	var spans []harness.Span
	for n, page := range s.pages {
		if page == nil {
			continue
		}
		for i, word := range page {
			spans = appendRuns(spans, uint64(n)*pageIDs+uint64(i)*64, word)
		}
	}
	return spans
}

// appendRuns appends the runs of ones in word, whose lowest bit is id first.
func appendRuns(spans []harness.Span, first, word uint64) []harness.Span {
	for word != 0 {
		start := bits.TrailingZeros64(word)
		length := bits.TrailingZeros64(^(word >> start))
		from, to := first+uint64(start), first+uint64(start+length-1)
		if n := len(spans); n > 0 && spans[n-1].Last+1 == from {
			spans[n-1].Last = to
		} else {
			spans = append(spans, harness.Span{First: from, Last: to})
		}
		word &^= (^uint64(0) >> (64 - length)) << start
	}
	return spans
}
