package stats

import (
	"math"
	"math/bits"
	"time"
)

// The buckets of a Coarse: sixteen between a power of two and the next, from 128 ns
// on. Its range ends at 2^42 ns, which is 73 minutes.
const (
	coarseUnit    = 7 // log2 of the first buckets' width in nanoseconds
	coarseFine    = 4 // log2 of the buckets between two powers of two
	coarseBuckets = 512
)

// Coarse counts durations in 2 KiB, for where there are many of them. A quantile is
// never below the exact one, and at most a sixteenth or 128 ns above it, whichever
// is more. Each bucket counts to 2^32-1 and no further. The zero value is empty. It
// is not safe for concurrent use.
type Coarse struct {
	buckets [coarseBuckets]uint32
}

// CoarseBytes is the memory of a Coarse.
const CoarseBytes = coarseBuckets * 4

// Record counts one duration. What is out of range counts at that end of it.
func (c *Coarse) Record(d time.Duration) {
	at := coarseIndex(uint64(max(d, 0)))
	if c.buckets[at] < math.MaxUint32 {
		c.buckets[at]++
	}
}

// coarseIndex returns the bucket of a value in nanoseconds.
func coarseIndex(v uint64) int {
	v >>= coarseUnit
	if v < 1<<coarseFine {
		return int(v)
	}
	shift := bits.Len64(v) - coarseFine - 1
	return min(shift<<coarseFine+int(v>>shift), coarseBuckets-1)
}

// coarseTop returns the highest value of a bucket.
func coarseTop(at int) time.Duration {
	shift := max(at>>coarseFine-1, 0)
	return time.Duration((at-shift<<coarseFine+1)<<(shift+coarseUnit) - 1)
}

// Merge adds everything that other counted.
func (c *Coarse) Merge(other *Coarse) {
	for i, n := range other.buckets {
		c.buckets[i] += min(n, math.MaxUint32-c.buckets[i])
	}
}

// Count is how many durations were recorded.
func (c *Coarse) Count() (n uint64) {
	for _, in := range c.buckets {
		n += uint64(in)
	}
	return n
}

// Quantile returns the duration that the share q (0 to 1) of all durations does not
// exceed, by nearest rank; 0 if nothing was recorded.
func (c *Coarse) Quantile(q float64) time.Duration {
	n := c.Count()
	if n == 0 {
		return 0
	}
	left := rank(q, n)
	for i, in := range c.buckets {
		if uint64(in) >= left {
			return coarseTop(i)
		}
		left -= uint64(in)
	}
	return coarseTop(coarseBuckets - 1) // not reached: the counts add up to n
}
