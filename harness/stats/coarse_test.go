package stats

import (
	"slices"
	"testing"
	"time"
	"unsafe"

	"github.com/google/go-cmp/cmp"
)

func TestCoarseQuantileIsWithinASixteenthOfTheSortedSample(t *testing.T) {
	for _, n := range []int{1, 2, 3, 99, 100, 12345} {
		sample := latencies(n)
		var c Coarse
		for _, d := range sample {
			c.Record(d)
		}
		slices.Sort(sample)
		for _, q := range []float64{0, 0.01, 0.5, 0.9, 0.99, 0.999, 1} {
			got, want := c.Quantile(q), Quantile(sample, q)
			if got < want || got > want+max(want/16, 128) {
				t.Errorf("n %d, q %v: got %v, want %v to %v, seed %d", n, q, got, want, want+want/16, seed)
			}
		}
	}
}

func TestEveryCoarseBucketBeginsWhereTheLastOneEnds(t *testing.T) {
	for i := range coarseBuckets - 1 {
		top := uint64(coarseTop(i))
		if coarseIndex(top) != i || coarseIndex(top+1) != i+1 {
			t.Fatalf("bucket %d ends at %d, which is in bucket %d, and the next value in %d", i, top, coarseIndex(top), coarseIndex(top+1))
		}
	}
	if got := coarseTop(coarseBuckets - 1); got != 1<<42-1 || got < Highest {
		t.Errorf("the range ends at %v", got)
	}
}

func TestCoarseTakesTwoKibibytesAndWhatIsOutOfRange(t *testing.T) {
	var c Coarse
	c.Record(-time.Second)
	c.Record(1 << 62)
	got := []any{int(unsafe.Sizeof(c)), c.Count(), c.Quantile(0.5), c.Quantile(1), (&Coarse{}).Quantile(1)}
	want := []any{CoarseBytes, uint64(2), time.Duration(127), time.Duration(1<<42 - 1), time.Duration(0)}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestMergedCoarseEqualsAddingEverythingToOne(t *testing.T) {
	sample := latencies(1000)
	var one, some, others Coarse
	for i, d := range sample {
		one.Record(d)
		if i%3 == 0 {
			some.Record(d)
		} else {
			others.Record(d)
		}
	}
	some.Merge(&others)
	if some != one {
		t.Error("merged counts differ")
	}
	full := Coarse{buckets: [coarseBuckets]uint32{5: 1<<32 - 2}}
	full.Merge(&Coarse{buckets: [coarseBuckets]uint32{5: 7}})
	full.Record(5 << coarseUnit)
	if full.buckets[5] != 1<<32-1 {
		t.Errorf("a full bucket holds %d", full.buckets[5])
	}
}
