package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"strings"
)

const (
	// restartAt is how long the log may get, in pages of 4 KiB, before commits
	// are held up for the moment that it takes to begin it anew. It is short: as long
	// as the log grows, each commit also waits for the file system's own journal.
	restartAt = 4096

	sqliteReaders = 4
)

// sqlite is one file with a write-ahead log. Commits wait for the disk
// (synchronous=FULL); the log is moved into the file by Store.maintain, never by
// the commit that happens to fill it.
type sqlite struct {
	path           string
	lock           *os.File // nil for readers
	write, readers *sql.DB
}

func newSQLite(path string, write bool) (_ *sqlite, err error) {
	if path, err = resolve(path); err != nil {
		return nil, err
	}
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return nil, fmt.Errorf("store %s: not a regular file", path)
	}
	e := &sqlite{path: path}
	defer func() {
		if err != nil {
			err = errors.Join(err, e.close())
		}
	}()
	if write {
		if e.lock, err = lockFile(path + ".lock"); err != nil {
			return nil, fmt.Errorf("store %s: %w", path, err)
		}
		// Customers' names are nobody else's business.
		f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
		if err != nil {
			return nil, fmt.Errorf("store: %w", err)
		}
		f.Close()
		e.write = openSQLite(e.dsn("journal_mode(WAL)", "synchronous(FULL)",
			"wal_autocheckpoint(0)", "journal_size_limit(268435456)", "cache_size(-16384)", "trusted_schema(0)"))
		e.write.SetMaxOpenConns(1)
	} else if _, err := os.Stat(path); err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	e.readers = openSQLite(e.dsn("query_only(1)", "trusted_schema(0)"))
	e.readers.SetMaxOpenConns(sqliteReaders)
	return e, nil
}

// resolve makes one name of all that a file has, so that it has one lock.
func resolve(path string) (string, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return "", fmt.Errorf("store: %w", err)
	}
	real, err := filepath.EvalSymlinks(path)
	if errors.Is(err, fs.ErrNotExist) {
		dir, err := filepath.EvalSymlinks(filepath.Dir(path))
		if err != nil {
			return "", fmt.Errorf("store: %w", err)
		}
		return filepath.Join(dir, filepath.Base(path)), nil
	}
	if err != nil {
		return "", fmt.Errorf("store: %w", err)
	}
	return real, nil
}

func (e *sqlite) dsn(pragmas ...string) string {
	q := []string{"_pragma=busy_timeout(5000)"}
	for _, p := range pragmas {
		q = append(q, "_pragma="+p)
	}
	return (&url.URL{Scheme: "file", Path: e.path, RawQuery: strings.Join(q, "&")}).String()
}

func (e *sqlite) label() string { return sqliteLabel }

var sqliteWords = strings.NewReplacer(
	"{id}", "INTEGER PRIMARY KEY", "{int}", "INTEGER", "{bytes}", "BLOB", "{rows}", " WITHOUT ROWID",
	"{hour}", "strftime('%Y-%m-%dT%H:00:00Z', u.hour * 3600, 'unixepoch')",
)

func (e *sqlite) words() *strings.Replacer { return sqliteWords }

func (e *sqlite) begin() string { return `BEGIN IMMEDIATE` }

func (e *sqlite) metaExists() string {
	return `SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'meta'`
}

func (e *sqlite) connect(ctx context.Context) (*sql.Conn, error) {
	conn, err := e.write.Conn(ctx)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", e.path, err)
	}
	var mode string
	if err := conn.QueryRowContext(ctx, `PRAGMA journal_mode`).Scan(&mode); err != nil || mode != "wal" {
		if err == nil {
			err = fmt.Errorf("journal mode %q instead of wal: is it on a network file system?", mode)
		}
		return nil, errors.Join(fmt.Errorf("open %s: %w", e.path, err), conn.Close())
	}
	return conn, nil
}

// syncDir makes the names of the file and its log durable.
func (e *sqlite) syncDir() error {
	dir, err := os.Open(filepath.Dir(e.path))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

func (e *sqlite) broken(*sql.Conn) bool { return false }

// relaxed leaves the syncing to the next commit: the log is synced as a whole.
func (e *sqlite) relaxed(ctx context.Context, conn *sql.Conn, f func(queryer) error) error {
	if _, err := conn.ExecContext(ctx, `PRAGMA synchronous = NORMAL`); err != nil {
		return err
	}
	err := inTx(ctx, e, conn, f)
	_, back := conn.ExecContext(context.WithoutCancel(ctx), `PRAGMA synchronous = FULL`)
	return errors.Join(err, back)
}

// insertRows is how many rows one statement inserts: each is parsed anew.
const insertRows = 32

func (e *sqlite) insert(ctx context.Context, tx queryer, into, then string, columns ...any) error {
	rows := reflect.ValueOf(columns[0]).Len()
	marks := "(" + strings.TrimSuffix(strings.Repeat("?, ", len(columns)), ", ") + "), "
	args := make([]any, 0, min(rows, insertRows)*len(columns))
	for from := 0; from < rows; from += insertRows {
		to := min(from+insertRows, rows)
		args = args[:0]
		for i := from; i < to; i++ {
			for _, c := range columns {
				switch c := c.(type) {
				case []int64:
					args = append(args, c[i])
				case []string:
					args = append(args, c[i])
				case [][]byte:
					args = append(args, c[i])
				}
			}
		}
		values := strings.TrimSuffix(strings.Repeat(marks, to-from), ", ")
		if _, err := tx.ExecContext(ctx, "INSERT INTO "+into+" VALUES "+values+" "+then, args...); err != nil {
			return err
		}
	}
	return nil
}

func (e *sqlite) snapshot(ctx context.Context) (*sql.Tx, error) {
	return e.readers.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
}

func (e *sqlite) pool() *sql.DB { return e.readers }

func (e *sqlite) inspect(ctx context.Context, tx queryer) (findings []string, err error) {
	err = each(ctx, tx, func(rows *sql.Rows) error {
		var s string
		err := rows.Scan(&s)
		if s != "ok" {
			findings = append(findings, "file: "+s)
		}
		return err
	}, `PRAGMA quick_check(10)`)
	return findings, err
}

func (e *sqlite) size(context.Context) (n int64, err error) {
	for _, suffix := range []string{"", "-wal"} {
		info, err := os.Stat(e.path + suffix)
		if err == nil {
			n += info.Size()
		} else if !errors.Is(err, fs.ErrNotExist) {
			return 0, err
		}
	}
	return n, nil
}

// checkpoint moves the log into the file, beside the commits. When it has become
// long, the rest is moved while nobody commits, so that the next one begins it anew:
// over itself, because blocks of a file that grows are slower to sync.
func (e *sqlite) checkpoint(ctx context.Context, alone func(func() error) error) error {
	var busy, all, moved int
	move := func() error {
		return e.readers.QueryRowContext(ctx, `PRAGMA wal_checkpoint(PASSIVE)`).Scan(&busy, &all, &moved)
	}
	if err := move(); err != nil {
		return fmt.Errorf("checkpoint: %w", err)
	}
	if all < restartAt {
		return nil
	}
	if err := move(); err != nil { // what came meanwhile, so that little is left
		return fmt.Errorf("checkpoint: %w", err)
	}
	if err := alone(move); err != nil {
		return fmt.Errorf("checkpoint: %w", err)
	}
	return nil
}

func (e *sqlite) close() error {
	var errs []error
	for _, db := range []*sql.DB{e.readers, e.write} {
		if db != nil {
			errs = append(errs, db.Close())
		}
	}
	if e.lock != nil {
		errs = append(errs, e.lock.Close())
	}
	return errors.Join(errs...)
}
