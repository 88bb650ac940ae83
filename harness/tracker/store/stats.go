package store

import (
	"context"
	"fmt"
	"time"

	"github.com/haproof/haproof/harness/tracker"
)

// Stats is what a Store is doing. Numbers count from Open.
type Stats struct {
	Batches  int64 // committed ever
	Rows     int   // of the journal that are not folded
	States   int   // cells in those rows
	Folds    uint64
	Folded   time.Time // when the last fold ended
	FoldTook time.Duration
	FoldErr  error        // of the last fold; it is tried again
	Kept     tracker.Hour // usage by the hour is kept from here on; 0 if all of it is
}

// Stats returns what the Store is doing now.
func (s *Store) Stats() Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	stats := s.stats
	stats.Batches, stats.Rows, stats.States, stats.Kept = s.seq, s.pending.rows, s.pending.states, s.retained
	return stats
}

// Size returns how many bytes the store takes on disk, its log included.
func (s *Store) Size(ctx context.Context) (int64, error) {
	n, err := s.engine.size(ctx)
	if err != nil {
		return 0, fmt.Errorf("size: %w", err)
	}
	return n, nil
}
