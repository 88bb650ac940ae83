package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
)

// migration leads from one version of the schema to the next. {bytes} and the like
// stand for what each database calls it.
type migration struct {
	both     []string
	postgres []string // afterwards, there only
}

// migrations are never changed once released: only appended to.
var migrations = []migration{{
	both: []string{
		// schema, table, keys and owner of the store.
		`CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL){rows}`,

		// Rows up to folded are in the tables. Of those up to target, growth
		// before place is in usage_blocks already. Hours before retained are
		// in usage_before.
		`CREATE TABLE progress (id {id}, folded {int} NOT NULL, target {int} NOT NULL, place {int} NOT NULL, retained {int} NOT NULL)`,
		`INSERT INTO progress (id, folded, target, place, retained) VALUES (1, 0, 0, 0, 0)`,

		// One row for each batch. at is in milliseconds since 1970.
		`CREATE TABLE journal (seq {id}, at {int} NOT NULL, states {int} NOT NULL, body {bytes} NOT NULL)`,

		// In names, '%', zero bytes and what is not UTF-8 are written %XX.
		`CREATE TABLE customers (id {id}, name TEXT NOT NULL)`,
		`CREATE TABLE names (id {id}, body {bytes} NOT NULL)`,
		`CREATE TABLE books (id {id}, source TEXT NOT NULL, generation TEXT NOT NULL, body {bytes} NOT NULL)`,
		`CREATE TABLE marks (source {bytes} NOT NULL, generation {bytes} NOT NULL, seq {int} NOT NULL, closed {int} NOT NULL, at {int} NOT NULL, PRIMARY KEY (source, generation, closed, seq)){rows}`,
		`CREATE TABLE entry_blocks (id {id}, body {bytes} NOT NULL)`,

		// Hours that are not over are in usage_blocks only, the others in usage
		// only. hour counts from 1970-01-01 00:00 UTC.
		`CREATE TABLE usage_blocks (id {id}, body {bytes} NOT NULL)`,
		`CREATE TABLE usage (hour {int} NOT NULL, customer {int} NOT NULL, n {int} NOT NULL, PRIMARY KEY (hour, customer)){rows}`,
		`CREATE TABLE usage_before (customer {id}, n {int} NOT NULL)`,
		`CREATE VIEW billing AS SELECT {hour} AS hour, c.name AS customer, u.n AS n FROM usage u JOIN customers c ON c.id = u.customer`,

		// created, delivered and until are in nanoseconds since 1970.
		`CREATE TABLE messages (id TEXT PRIMARY KEY, kind TEXT NOT NULL, body {bytes} NOT NULL, created {int} NOT NULL, until {int}, delivered {int}){rows}`,
		`CREATE INDEX messages_undelivered ON messages (created, id) WHERE delivered IS NULL`,
	},
	postgres: []string{
		// Packed already.
		`ALTER TABLE names ALTER COLUMN body SET STORAGE EXTERNAL`,
		`ALTER TABLE journal ALTER COLUMN body SET STORAGE EXTERNAL`,
		`ALTER TABLE entry_blocks ALTER COLUMN body SET STORAGE EXTERNAL`,
		`ALTER TABLE usage_blocks ALTER COLUMN body SET STORAGE EXTERNAL`,
	},
}}

// migrate brings the schema to the newest version, one transaction for each step.
func migrate(ctx context.Context, e engine, conn *sql.Conn, steps []migration) error {
	version, err := schemaVersion(ctx, e, conn)
	if err != nil {
		return err
	}
	if version > len(steps) {
		return fmt.Errorf("the store has schema %d, known is %d: it was written by a newer quota-tracker", version, len(steps))
	}
	for ; version < len(steps); version++ {
		err := inTx(ctx, e, conn, func(tx queryer) error {
			statements := append([]string(nil), steps[version].both...)
			if e.label() == postgresLabel {
				statements = append(statements, steps[version].postgres...)
			}
			for _, s := range statements {
				if _, err := tx.ExecContext(ctx, e.words().Replace(s)); err != nil {
					return err
				}
			}
			return setMeta(ctx, tx, "schema", strconv.Itoa(version+1))
		})
		if err != nil {
			return fmt.Errorf("schema %d to %d: %w", version, version+1, err)
		}
	}
	return nil
}

// schemaVersion is 0 for a database without tables of ours.
func schemaVersion(ctx context.Context, e engine, q queryer) (int, error) {
	var n int
	if err := q.QueryRowContext(ctx, e.metaExists()).Scan(&n); err != nil {
		return 0, fmt.Errorf("schema: %w", err)
	}
	if n == 0 {
		return 0, unclaimed(ctx, e, q)
	}
	value, err := getMeta(ctx, q, "schema")
	if err != nil {
		return 0, fmt.Errorf("schema: %w", err)
	}
	version, err := strconv.Atoi(value)
	if err != nil || version < 1 {
		return 0, fmt.Errorf("schema %q: the table meta is not that of a quota-tracker", value)
	}
	return version, nil
}

// getMeta returns "" for what is not there.
func getMeta(ctx context.Context, q queryer, name string) (value string, err error) {
	err = q.QueryRowContext(ctx, `SELECT coalesce(max(value), '') FROM meta WHERE name = $1`, name).Scan(&value)
	return value, err
}

func setMeta(ctx context.Context, q queryer, name, value string) error {
	_, err := q.ExecContext(ctx, `INSERT INTO meta (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value`, name, value)
	return err
}

// unclaimed refuses a file that another program has its tables in. A PostgreSQL
// schema may well be shared.
func unclaimed(ctx context.Context, e engine, q queryer) error {
	if e.label() == postgresLabel {
		return nil
	}
	var n int
	if err := q.QueryRowContext(ctx, `SELECT count(*) FROM sqlite_master`).Scan(&n); err != nil {
		return fmt.Errorf("schema: %w", err)
	}
	if n > 0 {
		return errors.New("the file is a database of another program")
	}
	return nil
}
