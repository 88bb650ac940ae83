package witness

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/haproof/haproof/harness"
)

// naive computes receipts by sorting.
func naive(ids []uint64) harness.Receipts {
	var r harness.Receipts
	sorted := slices.Sorted(slices.Values(ids))
	for i, id := range sorted {
		switch n := len(r.Spans); {
		case i > 0 && sorted[i-1] == id:
			if r.Repeats == nil {
				r.Repeats = map[uint64]uint64{}
			}
			r.Repeats[id] = max(1, r.Repeats[id]) + 1
		case n > 0 && r.Spans[n-1].Last+1 == id:
			r.Spans[n-1].Last = id
		default:
			r.Spans = append(r.Spans, harness.Span{First: id, Last: id})
		}
	}
	return r
}

func TestReceiptsEqualASortOfTheIDs(t *testing.T) {
	const seed = 7
	random := rand.New(rand.NewPCG(seed, 0))
	for round := range 50 {
		var ids []uint64
		start := random.Uint64N(4*pageIDs) + uint64(round%3)*pageIDs
		for range random.IntN(3000) {
			ids = append(ids, start+random.Uint64N(4000))
		}
		if round == 0 { // words and pages that are full to the brim
			for id := uint64(pageIDs - 200); id < pageIDs+200; id++ {
				ids = append(ids, id)
			}
		}
		var book receiptBook
		for _, id := range ids {
			if err := book.add(id); err != nil {
				t.Fatal(err)
			}
		}
		if diff := cmp.Diff(naive(ids), book.receipts()); diff != "" {
			t.Fatalf("seed %d round %d: %s", seed, round, diff)
		}
	}
}

func TestReceiptsHaveTheirLimits(t *testing.T) {
	var book receiptBook
	if err := book.add(MaxSeq - 1); err != nil {
		t.Error(err)
	}
	if err := book.add(MaxSeq); err == nil || !strings.Contains(err.Error(), "8589934592") {
		t.Errorf("error %v", err)
	}
	var err error
	for id := uint64(0); id <= MaxRepeats && err == nil; id++ {
		err = book.add(id)
	}
	for id := uint64(0); id <= MaxRepeats && err == nil; id++ {
		err = book.add(id)
	}
	if err == nil || !strings.Contains(err.Error(), "1000000") {
		t.Errorf("error %v", err)
	}
}
