package witness

import (
	"fmt"
	"math/bits"

	"github.com/haproof/haproof/harness"
)

// Limits of the receipts of one trial.
const (
	MaxSeq     = 1 << 33   // sequence ids below it are kept, at one bit each
	MaxRepeats = 1_000_000 // ids that arrived more than once
)

const pageIDs = 1 << 20

// receiptBook notes ids in any order: a bit per id, in pages of 128 KiB that
// exist only where ids arrived.
type receiptBook struct {
	pages   []*[pageIDs / 64]uint64
	repeats map[uint64]uint64
	strange uint64
}

func newReceiptBook() *receiptBook {
	return &receiptBook{repeats: map[uint64]uint64{}}
}

// add notes one arrival.
func (b *receiptBook) add(seq uint64) error {
	if seq >= MaxSeq {
		return fmt.Errorf("sequence id %d: the limit is %d", seq, uint64(MaxSeq))
	}
	page := b.page(seq / pageIDs)
	word, bit := seq%pageIDs/64, uint64(1)<<(seq%64)
	if page[word]&bit == 0 {
		page[word] |= bit
		return nil
	}
	b.repeats[seq] = max(1, b.repeats[seq]) + 1
	if len(b.repeats) > MaxRepeats {
		return fmt.Errorf("more than %d attempts arrived more than once", MaxRepeats)
	}
	return nil
}

func (b *receiptBook) page(n uint64) *[pageIDs / 64]uint64 {
	for uint64(len(b.pages)) <= n {
		b.pages = append(b.pages, nil)
	}
	if b.pages[n] == nil {
		b.pages[n] = new([pageIDs / 64]uint64)
	}
	return b.pages[n]
}

func (b *receiptBook) receipts() harness.Receipts {
	r := harness.Receipts{Strange: b.strange}
	if len(b.repeats) > 0 {
		r.Repeats = b.repeats
	}
	for n, page := range b.pages {
		if page == nil {
			continue
		}
		for i, word := range page {
			r.Spans = appendRuns(r.Spans, uint64(n)*pageIDs+uint64(i)*64, word)
		}
	}
	return r
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
