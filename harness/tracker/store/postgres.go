package store

import (
	"context"
	"crypto/rand"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
)

const (
	// lockPatience is how long a lock may still be held by a process that was
	// killed: its server notices when it next reads.
	lockPatience = 3 * time.Second
	lockPause    = 50 * time.Millisecond

	postgresReaders = 4

	// lockClass keeps our advisory locks apart from those of others.
	lockClass = 0x7175 // "qu"
)

// postgres is a schema in a PostgreSQL database. Its writer holds an advisory lock,
// which ends with its connection.
type postgres struct {
	writer         string // application_name of the connection that writes
	write, readers *sql.DB
}

func newPostgres(address string, secret bool) (*postgres, error) {
	cfg, err := pgx.ParseConfig(address)
	if err != nil {
		return nil, fmt.Errorf("store %s: malformed URL", Redact(address)) // err may quote the password
	}
	if !secret && Redact(address) != address && cfg.Password != "" {
		return nil, fmt.Errorf("store %s: a password belongs into PGPASSWORD, or the whole URL into the environment", Redact(address))
	}
	host, _ := os.Hostname() // only a hint
	e := &postgres{writer: fmt.Sprintf("quota-tracker %.20s pid %d %.8s", host, os.Getpid(), rand.Text())}
	e.write = e.openDB(cfg, e.writer)
	e.write.SetMaxOpenConns(1)
	e.readers = e.openDB(cfg, "quota-tracker reader")
	e.readers.SetMaxOpenConns(postgresReaders)
	return e, nil
}

func (e *postgres) openDB(cfg *pgx.ConnConfig, name string) *sql.DB {
	cfg = cfg.Copy()
	cfg.RuntimeParams["application_name"] = name
	cfg.RuntimeParams["synchronous_commit"] = "on"
	if cfg.ConnectTimeout == 0 {
		cfg.ConnectTimeout = 5 * time.Second
	}
	return openPostgres(cfg)
}

// openPostgres opens a database whose connections are asked whether they are well
// before each use. A query whose context ends just after its answer can leave an i/o
// timeout for the next one on its connection: pgx (v5.7.6, bgreader) keeps what it
// reads beside a slow write.
func openPostgres(cfg *pgx.ConnConfig) *sql.DB {
	return stdlib.OpenDB(*cfg, stdlib.OptionResetSession(func(ctx context.Context, conn *pgx.Conn) error {
		if conn.Ping(ctx) != nil {
			return driver.ErrBadConn // database/sql takes another one
		}
		return nil
	}))
}

func (e *postgres) label() string { return postgresLabel }

var postgresWords = strings.NewReplacer(
	"{id}", "BIGINT PRIMARY KEY", "{int}", "BIGINT", "{bytes}", "BYTEA", "{rows}", "", "{hour}", "to_timestamp(u.hour * 3600)",
)

func (e *postgres) words() *strings.Replacer { return postgresWords }

func (e *postgres) begin() string { return `BEGIN` }

func (e *postgres) metaExists() string {
	return `SELECT count(*) FROM pg_tables WHERE schemaname = current_schema() AND tablename = 'meta'`
}

func (e *postgres) connect(ctx context.Context) (*sql.Conn, error) {
	conn, err := e.write.Conn(ctx)
	if err != nil {
		return nil, fmt.Errorf("connect: %w", err)
	}
	var fsync string
	if err := conn.QueryRowContext(ctx, `SHOW fsync`).Scan(&fsync); err != nil || fsync != "on" {
		discard(conn)
		if err == nil {
			err = errors.New("the server runs with fsync=off: what it has committed can be lost")
		}
		return nil, fmt.Errorf("connect: %w", err)
	}
	if err := e.lock(ctx, conn); err != nil {
		discard(conn)
		return nil, err
	}
	return conn, nil
}

// lock takes the advisory lock of the schema. A connection that this process had
// before may still hold it, unnoticed by the server: that one is ended.
func (e *postgres) lock(ctx context.Context, conn *sql.Conn) error {
	const key = `hashtext(current_database() || '.' || current_schema())`
	for deadline := time.Now().Add(lockPatience); ; {
		var got bool
		if err := conn.QueryRowContext(ctx, `SELECT pg_try_advisory_lock($1, `+key+`)`, lockClass).Scan(&got); err != nil {
			return fmt.Errorf("lock: %w", err)
		}
		if got {
			return nil
		}
		_, err := conn.ExecContext(ctx, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
			WHERE application_name = $1 AND pid <> pg_backend_pid()`, e.writer)
		if err != nil {
			return fmt.Errorf("lock: %w", err)
		}
		if time.Now().After(deadline) {
			var holder string
			err := conn.QueryRowContext(ctx, `SELECT coalesce(max(a.application_name || ', connected from ' || coalesce(host(a.client_addr), 'this host')), '')
				FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
				WHERE l.locktype = 'advisory' AND l.granted AND l.classid::bigint = $1 AND l.objid::bigint = `+key+`::bigint & 4294967295
				AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())`, lockClass).Scan(&holder)
			if err != nil {
				return fmt.Errorf("lock: %w", err)
			}
			return fmt.Errorf("in use by another quota-tracker (%s)", holder)
		}
		timer := time.NewTimer(lockPause)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		}
	}
}

// discard closes the connection instead of giving it back to its pool.
func discard(conn *sql.Conn) {
	_ = conn.Raw(func(c any) error { // the connection is given up
		if p, ok := c.(*stdlib.Conn); ok {
			ctx, cancel := context.WithTimeout(context.Background(), time.Second)
			defer cancel()
			_ = p.Conn().Close(ctx)
		}
		return nil
	})
	_ = conn.Close() // it is gone already
}

func (e *postgres) broken(conn *sql.Conn) bool {
	closed := true
	err := conn.Raw(func(c any) error {
		closed = c.(*stdlib.Conn).Conn().IsClosed()
		return nil
	})
	return err != nil || closed
}

// relaxed leaves the syncing to the next commit: the server's log is one.
func (e *postgres) relaxed(ctx context.Context, conn *sql.Conn, f func(queryer) error) error {
	return inTx(ctx, e, conn, func(tx queryer) error {
		if _, err := tx.ExecContext(ctx, `SET LOCAL synchronous_commit = off`); err != nil {
			return err
		}
		return f(tx)
	})
}

func (e *postgres) insert(ctx context.Context, tx queryer, into, then string, columns ...any) error {
	arrays := make([]string, len(columns))
	for i, c := range columns {
		switch c.(type) {
		case []int64:
			arrays[i] = fmt.Sprintf("$%d::bigint[]", i+1)
		case []string:
			arrays[i] = fmt.Sprintf("$%d::text[]", i+1)
		case [][]byte:
			arrays[i] = fmt.Sprintf("$%d::bytea[]", i+1)
		}
	}
	_, err := tx.ExecContext(ctx, "INSERT INTO "+into+" SELECT * FROM unnest("+strings.Join(arrays, ", ")+") "+then, columns...)
	return err
}

func (e *postgres) snapshot(ctx context.Context) (*sql.Tx, error) {
	return e.readers.BeginTx(ctx, &sql.TxOptions{ReadOnly: true, Isolation: sql.LevelRepeatableRead})
}

func (e *postgres) pool() *sql.DB { return e.readers }

func (e *postgres) inspect(context.Context, queryer) ([]string, error) { return nil, nil }

func (e *postgres) size(ctx context.Context) (n int64, err error) {
	err = e.readers.QueryRowContext(ctx, `SELECT coalesce(sum(pg_total_relation_size(c.oid)), 0)::bigint FROM pg_class c
		JOIN pg_namespace s ON s.oid = c.relnamespace WHERE s.nspname = current_schema() AND c.relkind = 'r'`).Scan(&n)
	return n, err
}

func (e *postgres) close() error { return errors.Join(e.readers.Close(), e.write.Close()) }
