package store

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"strings"
)

// engine is what differs between the databases.
type engine interface {
	label() string
	words() *strings.Replacer // what it calls the types of the schema
	begin() string            // statement: a transaction that will write
	metaExists() string       // query: 1 if the store has tables, else 0

	// connect returns a connection to write with. The store is locked for this
	// process when it returns.
	connect(ctx context.Context) (*sql.Conn, error)

	// broken says that an error came with the end of the connection.
	broken(conn *sql.Conn) bool

	// relaxed runs f in a transaction that may be lost in a crash, but only
	// together with what was committed after it.
	relaxed(ctx context.Context, conn *sql.Conn, f func(queryer) error) error

	// insert inserts rows, given as columns of equal length: []int64, []string
	// or [][]byte. into is "table (columns)", then what comes after VALUES.
	insert(ctx context.Context, tx queryer, into, then string, columns ...any) error

	// snapshot returns a transaction that sees one state of the store.
	snapshot(ctx context.Context) (*sql.Tx, error)

	// pool serves short queries.
	pool() *sql.DB

	// inspect looks for damage of the database itself.
	inspect(ctx context.Context, tx queryer) ([]string, error)

	// size is how many bytes the store takes on disk.
	size(ctx context.Context) (int64, error)

	close() error
}

// checkpointer is an engine with a log that somebody has to move into its file.
// alone runs a function while nobody writes.
type checkpointer interface {
	checkpoint(ctx context.Context, alone func(func() error) error) error
}

const (
	sqliteLabel   = "SQLite"
	postgresLabel = "PostgreSQL"
)

// newEngine chooses by the URL. write says that the store may be created.
func newEngine(address string, secret, write bool) (engine, error) {
	scheme, rest, ok := strings.Cut(address, "://")
	switch {
	case !ok && address != "" && !strings.HasPrefix(address, "file:"):
		return newSQLite(address, write)
	case ok && scheme == "sqlite" && strings.HasPrefix(rest, "/"):
		return newSQLite(rest, write)
	case ok && (scheme == "postgres" || scheme == "postgresql"):
		return newPostgres(address, secret)
	}
	return nil, fmt.Errorf("store %q: want a path, sqlite:///path or postgres://user@host/database", Redact(address))
}

// Redact returns the URL of a store without its password, for people to read.
func Redact(address string) string {
	if !strings.Contains(address, "://") {
		return address
	}
	u, err := url.Parse(address)
	if err != nil {
		return "(malformed URL)"
	}
	if q := u.Query(); q.Has("password") || q.Has("sslpassword") {
		for _, name := range []string{"password", "sslpassword"} {
			if q.Has(name) {
				q.Set(name, "xxxxx")
			}
		}
		u.RawQuery = q.Encode()
	}
	return u.Redacted()
}
