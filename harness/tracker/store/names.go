package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/haproof/haproof/harness/tracker"
)

// Names are kept twice: packed, blockSize in a row, to be loaded quickly, and as rows
// of customers for SQL.

// inText is a name as the rows have it, so that SQL can compare it with what the
// HTTP interface shows. PostgreSQL cannot keep a zero byte in a text either.
func inText(name string) string {
	return strings.ReplaceAll(tracker.InText(name), "\x00", "%00")
}

func appendNames(b []byte, id int64, names []string) []byte {
	from := len(b)
	for _, name := range names {
		b = appendString(b, name)
	}
	return seal(b, from, id)
}

// parseNames returns the names of a row. They share memory.
func parseNames(id int64, body []byte) ([]string, error) {
	body, err := unseal(id, body)
	if err != nil {
		return nil, err
	}
	all, d := string(body), decoder{b: body}
	var names []string
	for len(d.b) > 0 {
		n := len(d.bytes())
		end := len(body) - len(d.b)
		if d.bad || len(names) == blockSize {
			return nil, damaged("row %d is malformed", id)
		}
		names = append(names, all[end-n:end])
	}
	return names, nil
}

// eachCustomer passes on all customers in the order of their numbers.
func (j *journal) eachCustomer(ctx context.Context, q queryer, visit func(id uint32, name string) error) error {
	next := uint32(0)
	err := each(ctx, q, func(rows *sql.Rows) error {
		var id int64
		var body sql.RawBytes
		if err := rows.Scan(&id, &body); err != nil {
			return err
		}
		if id<<blockBits != int64(next) {
			return damaged("row %d after %d names", id, next)
		}
		names, err := parseNames(id, body)
		if err != nil {
			return err
		}
		for _, name := range names {
			if err := visit(next, name); err != nil {
				return err
			}
			next++
		}
		return nil
	}, `SELECT id, body FROM names ORDER BY id`)
	if err != nil {
		return fmt.Errorf("names: %w", err)
	}
	return j.eachNew(next, visit)
}

// eachNew passes on the customers from next on that are in the journal.
func (j *journal) eachNew(next uint32, visit func(id uint32, name string) error) error {
	for _, r := range j.rows {
		if r.firstCustomer > next && len(r.customers) > 0 {
			return damaged("journal: row %d: customer %d after %d names", r.seq, r.firstCustomer, next)
		}
		for i, name := range r.customers {
			if id := r.firstCustomer + uint32(i); id == next {
				if err := visit(id, name); err != nil {
					return err
				}
				next++
			}
		}
	}
	return nil
}

// storedNames returns a row, empty if there is none.
func storedNames(ctx context.Context, q queryer, id int64) ([]string, error) {
	var body []byte
	err := q.QueryRowContext(ctx, `SELECT body FROM names WHERE id = $1`, id).Scan(&body)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return parseNames(id, body)
}

// customerCount is how many customers there are, table and journal together.
func (j *journal) customerCount(ctx context.Context, q queryer) (uint32, error) {
	var last int64
	if err := q.QueryRowContext(ctx, `SELECT coalesce(max(id), 0) FROM names`).Scan(&last); err != nil {
		return 0, fmt.Errorf("names: %w", err)
	}
	names, err := storedNames(ctx, q, last)
	if err != nil {
		return 0, fmt.Errorf("names: %w", err)
	}
	n := uint32(last<<blockBits) + uint32(len(names))
	for _, r := range j.rows {
		n = max(n, r.firstCustomer+uint32(len(r.customers)))
	}
	return n, nil
}

// foldCustomers appends new customers, one row of names in each transaction.
func (f *folder) foldCustomers(ctx context.Context) error {
	var names []string // of the row at hand
	row := int64(-1)
	flush := func() error {
		if row < 0 {
			return nil
		}
		return f.step(ctx, func(tx queryer) error { return f.writeNames(ctx, tx, row, names) })
	}
	first, ok := f.firstNew()
	if !ok {
		return nil
	}
	err := f.eachNew(first, func(id uint32, name string) error {
		if at := int64(id >> blockBits); at != row {
			if err := flush(); err != nil {
				return err
			}
			row = at
			var err error
			if names, err = storedNames(ctx, f.engine.pool(), row); err != nil {
				return err
			}
		}
		switch n := int(id) & (blockSize - 1); {
		case n > len(names):
			return damaged("names: row %d has %d names before customer %d", row, len(names), id)
		case n == len(names):
			names = append(names, name)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return flush()
}

// firstNew is the first customer in the journal.
func (j *journal) firstNew() (uint32, bool) {
	for _, r := range j.rows {
		if len(r.customers) > 0 {
			return r.firstCustomer, true
		}
	}
	return 0, false
}

func (f *folder) writeNames(ctx context.Context, tx queryer, row int64, names []string) error {
	ids, texts := make([]int64, len(names)), make([]string, len(names))
	for i, name := range names {
		ids[i], texts[i] = row<<blockBits+int64(i), inText(name)
	}
	if err := f.engine.insert(ctx, tx, "customers (id, name)", `ON CONFLICT (id) DO NOTHING`, ids, texts); err != nil {
		return err
	}
	return f.engine.insert(ctx, tx, "names (id, body)", `ON CONFLICT (id) DO UPDATE SET body = excluded.body`,
		[]int64{row}, [][]byte{appendNames(nil, row, names)})
}
