package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// scan calls visit for the blocks of a table with what m says on top, in order. The
// cells are valid during the call.
func scan(ctx context.Context, q queryer, table string, m *merger, visit func(id int64, c *cells) error) error {
	return scanPast(ctx, q, table, m, nil, visit)
}

// scanPast is scan for those who want to go on after damage.
func scanPast(ctx context.Context, q queryer, table string, m *merger, past func(error), visit func(id int64, c *cells) error) error {
	rows, err := q.QueryContext(ctx, `SELECT id, body FROM `+table+` ORDER BY id`)
	if err != nil {
		return fmt.Errorf("%s: %w", table, err)
	}
	s := scanner{rows: rows, merger: m, past: past}
	if err := errors.Join(s.run(visit), rows.Close()); err != nil {
		return fmt.Errorf("%s: %w", table, err)
	}
	return nil
}

// scanner joins the rows of a table with the windows of a merger.
type scanner struct {
	rows   *sql.Rows
	merger *merger
	id     int64 // of the row at hand
	body   sql.RawBytes
	more   bool // there is a row at hand
	past   func(error)
	own    cells
	ids    []int64
}

func (s *scanner) run(visit func(id int64, c *cells) error) error {
	if err := s.advance(); err != nil {
		return err
	}
	for {
		w, err := s.merger.next()
		if err != nil {
			return err
		}
		if w == nil {
			return s.alone(1<<63-1, visit)
		}
		s.ids = w.ids(s.ids[:0])
		for _, id := range s.ids {
			if err := s.alone(id, visit); err != nil {
				return err
			}
			if s.more && s.id == id {
				if err := s.under(w.block(id)); err != nil {
					return err
				}
				if err := s.advance(); err != nil {
					return err
				}
			}
			if err := visit(id, w.block(id)); err != nil {
				return err
			}
		}
	}
}

// alone visits the rows before id.
func (s *scanner) alone(id int64, visit func(id int64, c *cells) error) error {
	for s.more && s.id < id {
		clear(s.own[:])
		if err := s.under(&s.own); err != nil {
			return err
		}
		if err := visit(s.id, &s.own); err != nil {
			return err
		}
		if err := s.advance(); err != nil {
			return err
		}
	}
	return nil
}

// under adds the row at hand.
func (s *scanner) under(c *cells) error {
	err := s.merger.under(c, s.id, s.body)
	if err != nil && s.past != nil {
		s.past(err)
		return nil
	}
	return err
}

func (s *scanner) advance() error {
	before := s.id
	if s.more = s.rows.Next(); !s.more {
		return s.rows.Err()
	}
	if err := s.rows.Scan(&s.id, &s.body); err != nil {
		return err
	}
	if s.id < before {
		return errors.New("rows are out of order")
	}
	return nil
}
