package store

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/haproof/haproof/harness/tracker"
)

// Options are what a Store is opened with.
type Options struct {
	Table string // the stick table that is counted, without the slash
	Keys  string // the style of its keys

	// Retention is how long usage is kept by the hour, rounded up to hours. What
	// is older stays in the totals only. 0 keeps it for ever.
	Retention time.Duration

	// SecretURL says that the URL came from the environment and may hold a
	// password.
	SecretURL bool

	// Report is called when what was committed cannot be sorted in any more, and with
	// nil when it can again. Nothing is lost meanwhile, but the journal grows. May be
	// nil.
	Report func(error)
}

// settings are what a Store holds at most before it folds, or makes commits wait.
type settings struct {
	foldStates int           // cells of the journal
	foldRows   int           // of the journal
	foldAge    time.Duration // of the oldest row
	maxStates  int           // beyond, commits wait for the fold
	tidyAge    time.Duration // of the last fold, when there is nothing to be folded
	usageRows  int           // that are read at a time, roughly
	now        func() time.Time
}

var usual = settings{foldStates: 4 << 20, foldRows: 60_000, foldAge: 30 * time.Second, maxStates: 16 << 20, tidyAge: 10 * time.Minute, usageRows: usageChunk, now: time.Now}

const (
	// commitTimeout is how long a database may take for one transaction.
	commitTimeout = 10 * time.Second

	// foldPause is how often the Store looks whether to fold, and how long it
	// leaves a database alone that refused.
	foldPause = time.Second
)

// Store keeps what has been counted. All methods may be called by any goroutine;
// one process at a time has a database open.
type Store struct {
	engine engine
	opts   Options
	settings
	gate      gate
	writer    writer
	written   atomic.Int64 // bytes since the last checkpoint, roughly
	packer    packer       // of the one who is in Commit
	open      openUsage
	joint     sync.RWMutex // held to read tables and open together, or to move growth between them
	committed sync.Mutex   // held by Commit
	folding   sync.Mutex   // held by fold

	mu        sync.Mutex // for what follows
	seq       int64      // of the newest row
	customers uint32     // how many there are
	retained  tracker.Hour
	pending   pending
	lastFold  time.Time
	folded    chan struct{} // closed after each fold
	stats     Stats

	wake chan struct{}
	stop context.CancelFunc
	done chan struct{}
}

var _ tracker.Store = (*Store)(nil)

// pending is what the journal holds.
type pending struct {
	rows, states int
	since        time.Time // when the first of them came
}

// Open opens a store, creates it if it is not there, and brings its schema to the
// newest version. The URL is a path or sqlite:///path for SQLite, or
// postgres://user@host/database for PostgreSQL, whose password comes from
// PGPASSWORD. A store that another process has open, that was written by a newer
// version, or for another table or style of keys is an error.
func Open(ctx context.Context, url string, o Options) (*Store, error) {
	return open(ctx, url, o, usual)
}

func open(ctx context.Context, url string, o Options, with settings) (_ *Store, err error) {
	if o.Retention < 0 || o.Table == "" || o.Keys == "" {
		return nil, fmt.Errorf("store %s: table %q, keys %q and retention %v: want names and no negative time", Redact(url), o.Table, o.Keys, o.Retention)
	}
	e, err := newEngine(url, o.SecretURL, true)
	if err != nil {
		return nil, err
	}
	s := &Store{engine: e, opts: o, settings: with, gate: newGate(), folded: make(chan struct{}),
		wake: make(chan struct{}, 1), done: make(chan struct{})}
	s.writer.engine = e
	s.lastFold = s.now()
	if err := s.prepare(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("store %s: %w", Redact(url), err), s.writer.close(), e.close())
	}
	ctx, s.stop = context.WithCancel(context.WithoutCancel(ctx))
	go s.maintain(ctx)
	return s, nil
}

// prepare makes the store ready for commits.
func (s *Store) prepare(ctx context.Context) error {
	conn, err := s.engine.connect(ctx)
	if err != nil {
		return err
	}
	s.writer.conn = conn
	if err := migrate(ctx, s.engine, conn, migrations); err != nil {
		return err
	}
	if err := inTx(ctx, s.engine, conn, func(tx queryer) error { return s.claim(ctx, tx) }); err != nil {
		return err
	}
	if d, ok := s.engine.(interface{ syncDir() error }); ok {
		if err := d.syncDir(); err != nil {
			return err
		}
	}
	tx, err := s.engine.snapshot(ctx)
	if err != nil {
		return err
	}
	defer tx.Rollback() //nolint:errcheck // it only read
	return s.recall(ctx, tx)
}

// claim checks that the store is for this table, and notes who writes it now.
func (s *Store) claim(ctx context.Context, tx queryer) error {
	for _, m := range []struct{ name, value string }{{"table", s.opts.Table}, {"keys", s.opts.Keys}} {
		stored, err := getMeta(ctx, tx, m.name)
		if err != nil {
			return err
		}
		if stored == "" {
			if err := setMeta(ctx, tx, m.name, m.value); err != nil {
				return err
			}
		} else if stored != m.value {
			return fmt.Errorf("it was counted with %s %q, not %q: configure that, or take another store", m.name, stored, m.value)
		}
	}
	term, err := getMeta(ctx, tx, "term")
	if err != nil {
		return err
	}
	n, _ := strconv.ParseUint(term, 10, 64) // "" before the first one
	s.writer.term = strconv.FormatUint(n+1, 10)
	return setMeta(ctx, tx, "term", s.writer.term)
}

// recall reads how far the journal is and what is open of it.
func (s *Store) recall(ctx context.Context, tx queryer) error {
	j, err := readJournal(ctx, tx, allRows, 0)
	if err != nil {
		return err
	}
	s.seq, s.retained = j.last, j.retained
	if s.customers, err = j.customerCount(ctx, tx); err != nil {
		return err
	}
	s.pending = pending{rows: len(j.rows), states: j.states}
	if len(j.rows) > 0 {
		s.pending.since = s.now()
	}
	return j.openUsage(ctx, tx, &s.open)
}

// Close folds what is left of the journal and closes the store. After an error of
// the fold nothing is lost: it goes on when the store is opened again.
func (s *Store) Close() error {
	s.stop()
	<-s.done
	ctx, cancel := context.WithTimeout(context.Background(), closePatience)
	defer cancel()
	err := s.fold(ctx, s.step)
	if err != nil {
		err = fmt.Errorf("fold: %w", err)
	}
	return errors.Join(err, s.writer.close(), s.engine.close())
}

// closePatience bounds the fold of a Close.
const closePatience = time.Minute
