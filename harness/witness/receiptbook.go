package witness

import (
	"fmt"

	"github.com/haproof/haproof/harness"
)

// Limits of the receipts of one trial.
const (
	MaxSeq     = 1 << 33   // sequence ids below it are kept, at one bit each
	MaxRepeats = 1_000_000 // ids that arrived more than once
)

// receiptBook notes arrivals in any order.
type receiptBook struct {
	arrived IDSet
	repeats map[uint64]uint64
	strange uint64
}

// add notes one arrival.
func (b *receiptBook) add(seq uint64) error {
	if seq >= MaxSeq {
		return fmt.Errorf("sequence id %d: the limit is %d", seq, uint64(MaxSeq))
	}
	if b.arrived.Add(seq) {
		return nil
	}
	if b.repeats == nil {
		b.repeats = map[uint64]uint64{}
	}
	b.repeats[seq] = max(1, b.repeats[seq]) + 1
	if len(b.repeats) > MaxRepeats {
		return fmt.Errorf("more than %d attempts arrived more than once", MaxRepeats)
	}
	return nil
}

func (b *receiptBook) receipts() harness.Receipts {
	return harness.Receipts{Spans: b.arrived.spans(), Repeats: b.repeats, Strange: b.strange}
}
