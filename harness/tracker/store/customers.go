package store

import (
	"context"
	"database/sql"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/haproof/haproof/harness/tracker"
)

// inText is a name as the tables have it, so that SQL can compare it with what the
// HTTP interface shows. PostgreSQL cannot keep a zero byte in a text either.
func inText(name string) string {
	return strings.ReplaceAll(tracker.InText(name), "\x00", "%00")
}

// outOfText is the inverse of inText.
func outOfText(text string) (string, error) {
	if !strings.Contains(text, "%") {
		return text, nil
	}
	var b strings.Builder
	for {
		before, after, found := strings.Cut(text, "%")
		b.WriteString(before)
		if !found {
			return b.String(), nil
		}
		if len(after) < 2 {
			return "", damaged("name %q ends within %%", text)
		}
		c, err := hex.DecodeString(after[:2])
		if err != nil {
			return "", damaged("name %q: %v", text, err)
		}
		b.Write(c)
		text = after[2:]
	}
}

// eachCustomer passes on all customers in the order of their numbers.
func (j *journal) eachCustomer(ctx context.Context, q queryer, visit func(id uint32, name string) error) error {
	rows, err := q.QueryContext(ctx, `SELECT id, name, checksum FROM customers ORDER BY id`)
	if err != nil {
		return fmt.Errorf("customers: %w", err)
	}
	defer rows.Close()
	next := uint32(0)
	for rows.Next() {
		var id, sum int64
		var text sql.RawBytes
		if err := rows.Scan(&id, &text, &sum); err != nil {
			return fmt.Errorf("customers: %w", err)
		}
		if id != int64(next) || uint32(sum) != checksum(id, text) {
			return damaged("customers: row %d %q: wrong checksum, or %d is missing", id, text, next)
		}
		name, err := outOfText(string(text))
		if err != nil {
			return fmt.Errorf("customers: row %d: %w", id, err)
		}
		if err := visit(next, name); err != nil {
			return err
		}
		next++
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("customers: %w", err)
	}
	for _, r := range j.rows {
		if r.firstCustomer > next && len(r.customers) > 0 {
			return damaged("customers: %d is followed by %d", next, r.firstCustomer)
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
