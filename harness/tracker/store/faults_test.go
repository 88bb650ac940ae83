package store

import (
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/haproof/haproof/harness/harnesstest/realtest"
	"github.com/haproof/haproof/harness/tracker"
	"github.com/jackc/pgx/v5"
)

func TestCommitWorksAgainWhenTheDiskHasRoom(t *testing.T) {
	s, sc := mustOpen(t, filepath.Join(t.TempDir(), "tracker.db"), never), newScript(41)
	mustCommit(t, s, sc.batch())
	limit := func(pages string) {
		if _, err := s.writer.conn.ExecContext(context.Background(), `PRAGMA max_page_count = `+pages); err != nil {
			t.Fatal(err)
		}
	}
	limit("1") // as many as there are
	b := sc.batch()
	for s.Commit(context.Background(), b) == nil {
		b = sc.batch()
	}
	mustFail(t, s.Commit(context.Background(), b), "full")
	limit("1000000")
	mustCommit(t, s, b)
	mustHold(t, s, sc.model)
}

// A small file system of its own, full to the last byte.
func TestFullFileSystemLosesNothing(t *testing.T) {
	dir := t.TempDir()
	realtest.SmallDisk(t, dir, 1)
	path, sc := filepath.Join(dir, "tracker.db"), newScript(43)
	s := mustOpen(t, path, never)
	ballast := filepath.Join(dir, "ballast")
	mustCommit(t, s, sc.batch())
	f, err := os.Create(ballast)
	if err != nil {
		t.Fatal(err)
	}
	for err == nil {
		_, err = f.Write(make([]byte, 4096))
	}
	f.Close()
	b := sc.batch()
	for err = s.Commit(context.Background(), b); err == nil; err = s.Commit(context.Background(), b) {
		b = sc.batch()
	}
	if err := s.fold(context.Background(), s.step); err == nil {
		t.Error("there was room to fold")
	}
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	mustCommit(t, s, b)
	mustHold(t, s, sc.model)
	mustFold(t, s)
	mustHold(t, s, sc.model)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if report := mustVerify(t, path); report.Failures > 0 {
		t.Error(report.Findings)
	}
}

func TestReadOnlyFileSystemIsAClearError(t *testing.T) {
	dir := t.TempDir()
	realtest.SmallDisk(t, dir, 4)
	path := filepath.Join(dir, "tracker.db")
	s, err := open(context.Background(), path, options, never)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("tmpfs", dir, "tmpfs", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); err != nil {
		t.Fatal(err)
	}
	_, err = open(context.Background(), path, options, never)
	mustFail(t, err, "read-only file system")
	_, err = OpenReader(context.Background(), path, false)
	mustFail(t, err, "SQLite must be able to write beside it")
}

// A fold that fails makes commits fail, with its reason, only when the journal is full.
func TestFullJournalSaysWhyItIsNotFolded(t *testing.T) {
	sc := newScript(44)
	with := never
	with.foldStates, with.maxStates = 100, 1000
	with.now = time.Now
	path := filepath.Join(t.TempDir(), "tracker.db")
	reported := make(chan error, 10)
	o := options
	o.Report = func(err error) { reported <- err }
	s, err := open(context.Background(), path, o, with)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { crash(s) })
	mustCommit(t, s, sc.batch())
	tamper(t, s, `CREATE TRIGGER sunday BEFORE UPDATE ON progress BEGIN SELECT RAISE(ABORT, 'it is Sunday'); END; UPDATE meta SET value = value`)
	b := sc.batch()
	err = s.Commit(context.Background(), b)
	for i := 0; err == nil && i < 500; i++ {
		b = sc.batch()
		err = s.Commit(context.Background(), b)
	}
	mustFail(t, err, "the limit is 1000: fold: growth: ")
	mustFail(t, err, "it is Sunday")
	mustFail(t, s.Stats().FoldErr, "it is Sunday")
	mustFail(t, <-reported, "it is Sunday")

	tamper(t, s, `DROP TRIGGER sunday; UPDATE meta SET value = value`)
	s.kick()
	if err := <-reported; err != nil {
		t.Errorf("after Sunday: reported %v", err)
	}
	mustCommit(t, s, b)
	crash(s)
	mustHold(t, mustOpen(t, path, never), sc.model)
}

func TestPostgresGoneAndBackLosesNothingAndRepeatsNothing(t *testing.T) {
	server := realtest.ThePostgres(t)
	url, sc := server.NewSchema(t), newScript(45)
	s := mustOpen(t, url, never)
	for round := range 4 {
		for range 3 {
			mustCommit(t, s, sc.batch())
		}
		if round%2 == 1 {
			mustFold(t, s)
		}
		b := sc.batch()
		if err := server.Stop([]syscall.Signal{syscall.SIGQUIT, syscall.SIGINT}[round%2]); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if err := s.Commit(context.Background(), b); err == nil {
				t.Fatal("committed to nobody")
			}
		}
		var c content
		if err := s.Load(context.Background(), &c); err == nil {
			t.Fatal("loaded from nobody")
		}
		if err := server.Start(); err != nil {
			t.Fatal(err)
		}
		mustCommit(t, s, b)
		mustHold(t, s, sc.model)
	}
	mustFold(t, s)
	mustHold(t, s, sc.model)
	if report := mustVerify(t, url); report.Failures > 0 {
		t.Error(report.Findings)
	}
}

// The connection is cut beside commits and folds, again and again: some of them were
// durable although they failed. What has failed three times in a row is let through, as
// on a busy machine none might be done between two cuts.
func TestConnectionsCutAtRandomRepeatNothing(t *testing.T) {
	server := realtest.ThePostgres(t)
	url, sc := server.NewSchema(t), newScript(46)
	s := mustOpen(t, url, never)
	ctx, stop := context.WithCancel(context.Background())
	stopped := make(chan struct{})
	var tries atomic.Int32 // that have failed in a row
	go func() {
		defer close(stopped)
		cutAtRandom(ctx, t, server, func() bool { return tries.Load() < 3 })
	}()
	failed, deadline := [2]int{}, time.Now().Add(2*realtest.Patience)
	insist := func(what int, do func() error) {
		for err := do(); err != nil; err = do() {
			tries.Add(1)
			if failed[what]++; time.Now().After(deadline) {
				stop()
				<-stopped
				t.Fatalf("%d times: %v", failed, err)
			}
		}
		tries.Store(0)
	}
	for i := 0; i < 150 || min(failed[0], failed[1]) == 0 && time.Now().Before(deadline); i++ {
		b := sc.batch()
		insist(0, func() error { return s.Commit(ctx, b) })
		if i%10 == 9 {
			insist(1, func() error { return s.fold(ctx, s.step) })
		}
	}
	stop()
	<-stopped
	mustHold(t, s, sc.model)
	if report := mustVerify(t, url); report.Failures > 0 {
		t.Error(report.Findings)
	}
	t.Logf("%d commits and %d folds failed", failed[0], failed[1])
	if failed[0] == 0 || failed[1] == 0 {
		t.Error("nothing failed: nothing was tested")
	}
}

// cutAtRandom ends the connections of writers every few milliseconds, while it may.
func cutAtRandom(ctx context.Context, t *testing.T, server *realtest.Postgres, may func() bool) {
	conn, err := pgx.Connect(context.Background(), server.URL(""))
	if err != nil {
		t.Error(err)
		return
	}
	defer conn.Close(context.Background())
	rng := rand.New(rand.NewPCG(4, 6))
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(time.Duration(rng.IntN(40)) * time.Millisecond):
		}
		if !may() {
			continue
		}
		_, err := conn.Exec(context.Background(), `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'quota-tracker % pid %'`)
		if err != nil {
			t.Error(err)
			return
		}
	}
}

// Another tracker has written while the connection was away.
func TestTrackerThatLostItsStoreToAnotherStops(t *testing.T) {
	server := realtest.ThePostgres(t)
	url, sc := server.NewSchema(t), newScript(47)
	s := mustOpen(t, url, never)
	mustCommit(t, s, sc.batch())
	discard(s.writer.conn)
	s.writer.conn, s.writer.insert = nil, nil
	other := mustOpen(t, url, never)
	b := sc.batch()
	mustFail(t, s.Commit(context.Background(), b), "in use by another quota-tracker")
	crash(other)
	for range 2 {
		if err := s.Commit(context.Background(), b); !errors.Is(err, errTaken) {
			t.Fatal(err)
		}
	}
}

func TestServerThatMayForgetIsRefused(t *testing.T) {
	server := realtest.ThePostgres(t)
	url := server.NewSchema(t)
	defer func() {
		server.Exec(t, `ALTER SYSTEM RESET fsync`)
		server.Exec(t, `SELECT pg_reload_conf()`)
		crash(mustOpenSoon(t, url)) // before others want it
	}()
	server.Exec(t, `ALTER SYSTEM SET fsync = off`)
	server.Exec(t, `SELECT pg_reload_conf()`)
	deadline := time.Now().Add(realtest.Patience)
	for {
		s, err := open(context.Background(), url, options, never)
		if err != nil {
			mustFail(t, err, "fsync=off")
			return
		}
		crash(s)
		if time.Now().After(deadline) {
			t.Fatal("a server without fsync was taken")
		}
	}
}

// mustOpenSoon opens a store of which the server may not know yet how it is to run.
func mustOpenSoon(t *testing.T, url string) *Store {
	t.Helper()
	for deadline := time.Now().Add(realtest.Patience); ; {
		s, err := open(context.Background(), url, options, never)
		if err == nil {
			return s
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
	}
}

// A reader keeps the log from beginning anew, and only as long as it reads.
func TestLogOfSQLiteBeginsAnewWhenNobodyReadsIt(t *testing.T) {
	ctx := context.Background()
	s := mustOpen(t, filepath.Join(t.TempDir(), "tracker.db"), never)
	s.stop()
	<-s.done // it would checkpoint as well
	customers := uint32(0)
	commit := func() {
		mustCommit(t, s, &tracker.Batch{Customers: []string{string(make([]byte, 1<<20))}, FirstCustomer: customers})
		customers++
	}
	pages := func() (n int) {
		var busy, moved int
		if err := s.engine.(checkpointer).checkpoint(ctx, s.alone); err != nil {
			t.Fatal(err)
		}
		commit()
		if err := s.engine.pool().QueryRow(`PRAGMA wal_checkpoint(PASSIVE)`).Scan(&busy, &n, &moved); err != nil {
			t.Fatal(err)
		}
		return n
	}
	reader, err := s.engine.snapshot(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := getMeta(ctx, reader, "table"); err != nil {
		t.Fatal(err)
	}
	for range restartAt * 4096 >> 20 {
		commit()
	}
	if n := pages(); n < restartAt {
		t.Errorf("%d pages beside a reader, want at least %d", n, restartAt)
	}
	if err := reader.Rollback(); err != nil {
		t.Fatal(err)
	}
	if n := pages(); n > 2*(1<<20)/4096 {
		t.Errorf("%d pages after the reader, want one commit", n)
	}
}
