package daemon

import (
	"context"
	"log/slog"
	"time"

	"github.com/haproof/haproof/harness/tracker"
)

// loggedStore says when commits begin to fail, why, and when they succeed again.
type loggedStore struct {
	tracker.Store
	log    *slog.Logger
	since  time.Time // of the first failure in a row; zero if the last commit succeeded
	reason string    // that was logged
}

// Commit commits. The first failure is logged, and others that have another reason.
func (s *loggedStore) Commit(ctx context.Context, b *tracker.Batch) error {
	err := s.Store.Commit(ctx, b)
	switch {
	case err != nil && ctx.Err() != nil: // told to stop
	case err != nil && err.Error() != s.reason:
		if s.since.IsZero() {
			s.since = time.Now()
		}
		s.reason = err.Error()
		s.log.Error("nothing can be stored, and nothing is acknowledged", "error", err)
	case err == nil && !s.since.IsZero():
		s.log.Info("what is counted is stored again", "after", time.Since(s.since).Round(time.Millisecond))
		s.since, s.reason = time.Time{}, ""
	}
	return err
}
