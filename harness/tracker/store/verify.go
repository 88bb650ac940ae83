package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/haproof/haproof/harness/tracker"
)

// maxFindings bounds the findings of a Report; all are counted.
const maxFindings = 100

// Report is what Verify found.
type Report struct {
	Customers uint64
	Books     uint64
	Entries   uint64
	Batches   int64  // ever committed
	Unfolded  int    // batches that are still in the journal
	Counted   uint64 // sum of all entries
	Used      uint64 // sum of all usage by the hour, and before
	Before    uint64 // part of Used that is no longer kept by the hour
	Kept      tracker.Hour

	Failures int      // 0: the store is in order
	Findings []string // the first 100 of them
}

func (r *Report) find(format string, args ...any) {
	r.Failures++
	if len(r.Findings) < maxFindings {
		r.Findings = append(r.Findings, fmt.Sprintf(format, args...))
	}
}

// damage makes a finding of an error that is one, and returns any other.
func (r *Report) damage(err error) error {
	var d *Damage
	if errors.As(err, &d) {
		r.find("%v", err)
		return nil
	}
	return err
}

// Verify adds up the entries of each customer, and its usage, which was written
// apart from them, and compares. It checks all checksums and that nothing is missing
// in between. It sees one state of the store, and takes 16 bytes of memory for each
// customer. The error says that it could not be done.
func (r *Reader) Verify(ctx context.Context) (*Report, error) {
	tx, err := r.engine.snapshot(ctx)
	if err != nil {
		return nil, fmt.Errorf("verify %s: %w", r.url, err)
	}
	s := &snapshot{Tx: tx}
	defer s.close()
	report := &Report{}
	findings, err := r.engine.inspect(ctx, tx)
	if err != nil {
		return nil, fmt.Errorf("verify %s: %w", r.url, err)
	}
	for _, f := range findings {
		report.find("%s", f)
	}
	if s.journal, err = readJournal(ctx, tx, allRows, 0); err == nil {
		v := verifier{snapshot: s, report: report}
		err = v.run(ctx)
	}
	if err := report.damage(err); err != nil {
		return nil, fmt.Errorf("verify %s: %w", r.url, err)
	}
	return report, nil
}

// verifier adds up one snapshot.
type verifier struct {
	*snapshot
	report  *Report
	counted []uint64 // by customer
	used    []uint64
}

func (v *verifier) run(ctx context.Context) error {
	r := v.report
	r.Batches, r.Unfolded, r.Kept = v.last, len(v.journal.rows), v.retained
	if err := r.damage(v.checkNames(ctx)); err != nil {
		return err
	}
	n, err := v.customerCount(ctx, v.Tx)
	if err != nil {
		return err
	}
	v.counted, v.used = make([]uint64, n), make([]uint64, n)
	for _, part := range []func(context.Context) error{v.addEntries, v.addRows, v.addBefore, v.addOpen} {
		if err := r.damage(part(ctx)); err != nil {
			return err
		}
	}
	for c := range v.counted {
		if v.counted[c] != v.used[c] {
			r.find("customer %d: its entries make %d, its usage makes %d", c, v.counted[c], v.used[c])
		}
	}
	return nil
}

// checkNames compares the names with the rows that SQL sees.
func (v *verifier) checkNames(ctx context.Context) error {
	err := v.eachCustomer(ctx, v.Tx, func(uint32, string) error { v.report.Customers++; return nil })
	if err != nil {
		return err
	}
	var rows, last int64
	if err := v.QueryRowContext(ctx, `SELECT count(*), coalesce(max(id), -1) FROM customers`).Scan(&rows, &last); err != nil {
		return fmt.Errorf("customers: %w", err)
	}
	for row := int64(0); row<<blockBits <= last; row++ {
		names, err := storedNames(ctx, v.Tx, row)
		if err != nil {
			return err
		}
		if err := v.compareNames(ctx, row<<blockBits, names); err != nil {
			return err
		}
		rows -= int64(len(names))
	}
	if rows != 0 {
		return damaged("customers: %d rows more than names", rows)
	}
	return nil
}

func (v *verifier) compareNames(ctx context.Context, first int64, names []string) error {
	i := 0
	err := each(ctx, v.Tx, func(rows *sql.Rows) error {
		var id int64
		var text string
		if err := rows.Scan(&id, &text); err != nil {
			return err
		}
		if i >= len(names) || id != first+int64(i) || text != inText(names[i]) {
			return damaged("row %d %q is not what names say", id, text)
		}
		i++
		return nil
	}, `SELECT id, name FROM customers WHERE id >= $1 AND id < $2 ORDER BY id`, first, first+blockSize)
	if err != nil {
		return fmt.Errorf("customers: %w", err)
	}
	return nil
}

func (v *verifier) addEntries(ctx context.Context) error {
	books, err := v.books(ctx, v.Tx)
	if err != nil {
		return err
	}
	v.report.Books = uint64(len(books))
	known := make(map[uint32]bool, len(books))
	for _, b := range books {
		known[b.ID] = true
	}
	m, err := v.journal.entries()
	if err != nil {
		return err
	}
	return scanPast(ctx, v.Tx, "entry_blocks", m, v.past("entry_blocks"), func(id int64, c *cells) error {
		book, first := firstOf(id)
		if v.dropped[book] {
			return nil
		}
		if !known[book] {
			v.report.find("entry_blocks: row %d: book %d is not stored", id, book)
		}
		for i := range c {
			if c[i].stamp == 0 {
				continue
			}
			n := c[i].base + uint64(c[i].last)
			v.report.Entries++
			v.report.Counted += n
			v.add(v.counted, "entry_blocks", uint64(first)+uint64(i), n)
		}
		return nil
	})
}

func (v *verifier) past(table string) func(error) {
	return func(err error) { v.report.find("%s: %v", table, err) }
}

func (v *verifier) add(to []uint64, where string, customer, n uint64) {
	if customer >= uint64(len(to)) {
		v.report.find("%s: customer %d is not stored", where, customer)
		return
	}
	to[customer] += n
}

func (v *verifier) addRows(ctx context.Context) error {
	return v.addPlain(ctx, "usage", `SELECT hour, customer, n FROM usage`, func(hour, customer int64, n uint64) {
		if hour < int64(v.retained) {
			v.report.Before += n // it is being merged
		}
	})
}

func (v *verifier) addBefore(ctx context.Context) error {
	return v.addPlain(ctx, "usage_before", `SELECT 0, customer, n FROM usage_before`, func(_, _ int64, n uint64) { v.report.Before += n })
}

func (v *verifier) addPlain(ctx context.Context, table, query string, also func(hour, customer int64, n uint64)) error {
	err := each(ctx, v.Tx, func(rows *sql.Rows) error {
		var hour, customer, n int64
		if err := rows.Scan(&hour, &customer, &n); err != nil {
			return err
		}
		if n < 0 || hour < 0 {
			v.report.find("%s: hour %d, customer %d: %d", table, hour, customer, n)
			return nil
		}
		also(hour, customer, uint64(n))
		v.report.Used += uint64(n)
		v.add(v.used, table, uint64(customer), uint64(n))
		return nil
	}, query)
	if err != nil {
		return fmt.Errorf("%s: %w", table, err)
	}
	return nil
}

func (v *verifier) addOpen(ctx context.Context) error {
	m, err := v.growth()
	if err != nil {
		return err
	}
	return scanPast(ctx, v.Tx, "usage_blocks", m, v.past("usage_blocks"), func(id int64, c *cells) error {
		_, first := firstOf(id)
		for i := range c {
			if c[i].stamp != 0 {
				v.report.Used += c[i].base
				v.add(v.used, "usage_blocks", uint64(first)+uint64(i), c[i].base)
			}
		}
		return nil
	})
}
