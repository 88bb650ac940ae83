package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"

	modernc "modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// openSQLite opens a database whose statements run to their end, whatever becomes
// of their context. The driver leaves some of those that it breaks off unfinished
// (v1.40.0 to v1.61.1): their connection reads the state of that moment for ever.
// Statements of the Store are short, or read row by row; database/sql looks at the
// context between rows.
func openSQLite(dsn string) *sql.DB { return sql.OpenDB(sqliteConnector(dsn)) }

type sqliteConnector string

func (c sqliteConnector) Driver() driver.Driver { return &modernc.Driver{} }

func (c sqliteConnector) Connect(context.Context) (driver.Conn, error) {
	conn, err := c.Driver().Open(string(c))
	if err != nil {
		return nil, err
	}
	return steadyConn{conn.(contextConn)}, nil
}

// contextConn is what a connection of the driver can do.
type contextConn interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.QueryerContext
}

type steadyConn struct{ contextConn }

func (c steadyConn) BeginTx(ctx context.Context, opts driver.TxOptions) (driver.Tx, error) {
	return c.contextConn.BeginTx(context.WithoutCancel(ctx), opts)
}

func (c steadyConn) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	s, err := c.contextConn.PrepareContext(context.WithoutCancel(ctx), query)
	if err != nil {
		return nil, err
	}
	return steadyStmt{s.(contextStmt)}, nil
}

func (c steadyConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	return c.contextConn.ExecContext(context.WithoutCancel(ctx), query, args)
}

func (c steadyConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	return c.contextConn.QueryContext(context.WithoutCancel(ctx), query, args)
}

// contextStmt is what a statement of the driver can do.
type contextStmt interface {
	driver.Stmt
	driver.StmtExecContext
	driver.StmtQueryContext
}

type steadyStmt struct{ contextStmt }

func (s steadyStmt) ExecContext(ctx context.Context, args []driver.NamedValue) (driver.Result, error) {
	return s.contextStmt.ExecContext(context.WithoutCancel(ctx), args)
}

func (s steadyStmt) QueryContext(ctx context.Context, args []driver.NamedValue) (driver.Rows, error) {
	return s.contextStmt.QueryContext(context.WithoutCancel(ctx), args)
}

// advice is what may help against an error of opening a file to read it, or empty.
func advice(err error) string {
	var e *modernc.Error
	if errors.As(err, &e) {
		switch e.Code() & 0xff {
		case sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM:
			return "; even to read it, SQLite must be able to write beside it: do it as the tracker's user, or copy the file to where you may write"
		}
	}
	return ""
}
