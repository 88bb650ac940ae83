package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// errTaken ends a Store for good: somebody else has written since.
var errTaken = errors.New("another quota-tracker has opened the store meanwhile: this one must be started again")

// writer is the connection that writes. It is used by one goroutine at a time.
type writer struct {
	engine engine
	term   string // what meta must say as long as nobody else has written
	conn   *sql.Conn
	insert *sql.Stmt // of a row of the journal
	taken  bool
}

// ready connects again if the connection was lost.
func (w *writer) ready(ctx context.Context) (*sql.Conn, error) {
	if w.taken {
		return nil, errTaken
	}
	if w.conn != nil {
		return w.conn, nil
	}
	conn, err := w.engine.connect(ctx)
	if err != nil {
		return nil, err
	}
	term, err := getMeta(ctx, conn, "term")
	if err == nil && term != w.term {
		w.taken = true
		err = errTaken
	}
	if err != nil {
		discard(conn)
		return nil, err
	}
	w.conn = conn
	return conn, nil
}

// failed gives the connection up if the error came with its end.
func (w *writer) failed() {
	if w.conn != nil && w.engine.broken(w.conn) {
		_ = w.close() // it is gone already
	}
}

const insertRow = `INSERT INTO journal (seq, at, states, body) VALUES ($1, $2, $3, $4) ON CONFLICT (seq) DO NOTHING`

// journalInsert returns the statement that every commit makes, prepared once.
func (w *writer) journalInsert(ctx context.Context) (*sql.Stmt, error) {
	if w.insert == nil {
		var err error
		if w.insert, err = w.conn.PrepareContext(ctx, insertRow); err != nil {
			return nil, fmt.Errorf("prepare: %w", err)
		}
	}
	return w.insert, nil
}

func (w *writer) close() error {
	var errs []error
	if w.insert != nil {
		errs = append(errs, w.insert.Close())
	}
	if w.conn != nil {
		errs = append(errs, w.conn.Close())
	}
	w.insert, w.conn = nil, nil
	return errors.Join(errs...)
}
