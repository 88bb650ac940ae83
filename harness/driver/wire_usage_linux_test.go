//go:build amd64 || arm64

package driver

import (
	"testing"
	"time"
)

func TestEachShardTellsWhatItsThreadUsed(t *testing.T) {
	_, endpoint := newOrigin(t)
	began := time.Now()
	attempts, driven, err := played(t.Context(), t, wireDriver{shards: 3}, usual(), endpoint)
	took := time.Since(began)
	if err != nil {
		t.Fatal(err)
	}
	if len(driven.Shards) != 3 {
		t.Fatalf("got %+v, want three shards", driven.Shards)
	}
	for i, s := range driven.Shards {
		// It runs from its first attempt to its last. No thread uses more than its core,
		// but for the coarseness of the kernel's clock.
		first, last := attempts[i].Sent, time.Duration(0)
		for k := i; k < len(attempts); k += 3 {
			first, last = min(first, attempts[k].Sent), max(last, attempts[k].Done)
		}
		if s.Wall < last-first || s.Wall > took || s.CPU <= 0 || s.CPU > s.Wall+20*time.Millisecond {
			t.Errorf("shard %d used %v in %v, of %v at least and %v at most", i, s.CPU, s.Wall, last-first, took)
		}
	}
}
