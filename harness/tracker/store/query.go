package store

import (
	"context"
	"database/sql"
	"errors"
	"time"
)

// queryer is a connection, a transaction or a pool.
type queryer interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// each calls visit for every row of a query, until it returns an error.
func each(ctx context.Context, q queryer, visit func(*sql.Rows) error, query string, args ...any) (err error) {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		if err := visit(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// inTx commits what f does, if it returns nil. It is not a sql.Tx because that one is
// rolled back beside its user when ctx ends, and closes the connection some time later.
func inTx(ctx context.Context, e engine, conn *sql.Conn, f func(tx queryer) error) error {
	if _, err := conn.ExecContext(ctx, e.begin()); err != nil {
		return err
	}
	err := f(conn)
	if err == nil {
		_, err = conn.ExecContext(ctx, `COMMIT`)
	}
	if err == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), rollbackTimeout)
	defer cancel()
	_, _ = conn.ExecContext(ctx, `ROLLBACK`) // the database may have done so already
	return err
}

const rollbackTimeout = 5 * time.Second
