//go:build amd64 || arm64

package driver

import (
	"math"
	"sync"
	"sync/atomic"
)

// halt lets the first shard that has seen enough stop all of them at one
// attempt, so that what was sent is the beginning of the schedule without a gap.
type halt struct {
	shards []*shard
	called atomic.Bool
	mu     sync.Mutex
	cut    uint64 // first attempt that is not to be sent, once called
}

// passes says whether a shard may still send attempt k. Either the shard sees the
// call, or the caller sees that the shard means to send k.
func (h *halt) passes(s *shard, k uint64) bool {
	s.intent.Store(k + 1)
	return k < h.limit()
}

// limit returns the first attempt that is not to be sent.
func (h *halt) limit() uint64 {
	if !h.called.Load() {
		return math.MaxUint64
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.cut
}

// call stops all shards behind the furthest of them.
func (h *halt) call() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.called.Swap(true) {
		return
	}
	for _, s := range h.shards {
		h.cut = max(h.cut, s.intent.Load())
	}
}
