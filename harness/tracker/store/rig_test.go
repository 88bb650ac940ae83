package store

import (
	"context"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/haproof/haproof/harness/harnesstest/realtest"
	"github.com/haproof/haproof/harness/tracker"
)

// rig makes stores for the suite.
type rig struct {
	name string
	url  func(t *testing.T) string // of a new store
}

var options = Options{Table: "quota", Keys: "generation"}

// clock is what a store takes for the time.
type clock struct{ atomic.Int64 }

func (c *clock) set(t time.Time) { c.Store(t.UnixNano()) }
func (c *clock) now() time.Time  { return time.Unix(0, c.Load()).UTC() }

// never is a store that folds only when it is told to, on firstDay at 15:05.
var never = settings{foldStates: 1 << 30, foldRows: 1 << 30, foldAge: 1 << 60, maxStates: 1 << 30, tidyAge: 1 << 60, usageRows: 50,
	now: func() time.Time { return firstDay.Add(5*time.Hour + 5*time.Minute) }}

// onBoth runs a test on both databases.
func onBoth(t *testing.T, test func(t *testing.T, r rig)) {
	for _, r := range []rig{
		{"sqlite", func(t *testing.T) string { return filepath.Join(t.TempDir(), "tracker.db") }},
		{"postgres", func(t *testing.T) string { return realtest.ThePostgres(t).NewSchema(t) }},
	} {
		t.Run(r.name, func(t *testing.T) { test(t, r) })
	}
}

func mustOpen(t *testing.T, url string, with settings) *Store {
	t.Helper()
	s, err := open(context.Background(), url, options, with)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { crash(s) })
	return s
}

// crash ends a store as a killed process would: without folding.
func crash(s *Store) {
	s.stop()
	<-s.done
	s.writer.close()
	s.engine.close()
}

func mustCommit(t *testing.T, s *Store, b *tracker.Batch) {
	t.Helper()
	if err := s.Commit(context.Background(), b); err != nil {
		t.Fatal(err)
	}
}

func mustFold(t *testing.T, s *Store) {
	t.Helper()
	if err := s.fold(context.Background(), s.step); err != nil {
		t.Fatal(err)
	}
}

func mustVerify(t *testing.T, url string) *Report {
	t.Helper()
	r, err := OpenReader(context.Background(), url, false)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	report, err := r.Verify(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return report
}

// tamper runs SQL on a store behind its back.
func tamper(t *testing.T, s *Store, query string, args ...any) {
	t.Helper()
	if err := s.gate.enter(context.Background()); err != nil {
		t.Fatal(err)
	}
	defer s.gate.leave()
	result, err := s.writer.conn.ExecContext(context.Background(), query, args...)
	if err != nil {
		t.Fatal(err)
	}
	if n, err := result.RowsAffected(); err != nil || n == 0 {
		t.Fatalf("%s: %d rows, %v", query, n, err)
	}
}

func TestMain(m *testing.M) {
	if url := os.Getenv(childURL); url != "" {
		commitForEver(url)
	}
	os.Exit(realtest.Run(m))
}
