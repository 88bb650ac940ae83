package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/haproof/haproof/harness/tracker"
)

// journal is what is not in the tables yet, or in part: rows in the order of their
// numbers, and how far a fold that was cut short had come.
type journal struct {
	rows     []*row
	states   int
	last     int64 // number of the newest row ever
	folded   int64
	target   int64
	place    uint64
	retained tracker.Hour
	dropped  map[uint32]bool // books
}

// allRows is after the last row.
const allRows = math.MaxInt64

// readJournal reads the rows up to last that are not folded: as many as have atMost
// cells, and one at least; or all of them if atMost is 0.
func readJournal(ctx context.Context, q queryer, last int64, atMost int) (*journal, error) {
	j := &journal{dropped: make(map[uint32]bool)}
	var place int64
	err := q.QueryRowContext(ctx, `SELECT folded, target, place, retained FROM progress`).Scan(&j.folded, &j.target, &place, &j.retained)
	if err != nil {
		return nil, fmt.Errorf("progress: %w", err)
	}
	j.place, j.last = uint64(place), j.folded
	err = each(ctx, q, func(rows *sql.Rows) error {
		var seq int64
		var states int
		var body []byte
		if err := rows.Scan(&seq, &states, &body); err != nil {
			return err
		}
		if seq != j.last+1 {
			return damaged("row %d is followed by %d", j.last, seq)
		}
		if j.full(atMost, states) {
			return errFull
		}
		return j.append(seq, states, body)
	}, `SELECT seq, states, body FROM journal WHERE seq > $1 AND seq <= $2 ORDER BY seq`, j.folded, last)
	if err != nil && !errors.Is(err, errFull) {
		return nil, fmt.Errorf("journal: %w", err)
	}
	if j.last < j.target {
		return nil, damaged("journal: ends at row %d, but a fold of the rows up to %d has begun", j.last, j.target)
	}
	return j, nil
}

// errFull ends the reading of rows.
var errFull = errors.New("enough rows")

// full says that no more rows shall be read. A fold that has begun takes just the
// rows that it began with.
func (j *journal) full(atMost, states int) bool {
	switch {
	case atMost == 0:
		return false
	case j.target > 0:
		return j.last == j.target
	}
	return len(j.rows) > 0 && j.states+states > atMost
}

func (j *journal) append(seq int64, states int, body []byte) error {
	r, err := parseRow(seq, body)
	if err != nil {
		return err
	}
	j.rows = append(j.rows, r)
	j.states += states
	j.last = seq
	for _, id := range r.dropped {
		j.dropped[id] = true
	}
	return nil
}

// entries merges the entries of all rows, those of books that were dropped included.
func (j *journal) entries() (*merger, error) {
	sections := make([][]byte, len(j.rows))
	for i, r := range j.rows {
		sections[i] = r.entries
	}
	return newMerger(sections, false, nil)
}

// growth merges the growth of all rows but what a fold has put into its table.
func (j *journal) growth() (*merger, error) {
	sections := make([][]byte, len(j.rows))
	for i, r := range j.rows {
		sections[i] = r.growth
	}
	if j.target == 0 {
		return newMerger(sections, true, nil)
	}
	return newMerger(sections, true, func(row int, at uint64) bool { return at < j.place && j.rows[row].seq <= j.target })
}

// openUsage adds all growth that is not in plain rows.
func (j *journal) openUsage(ctx context.Context, q queryer, to *openUsage) error {
	m, err := j.growth()
	if err != nil {
		return err
	}
	return scan(ctx, q, "usage_blocks", m, func(id int64, c *cells) error {
		hour, first := firstOf(id)
		page := to.page(tracker.Hour(hour), first)
		for i := range c {
			page[i] += c[i].base
		}
		return nil
	})
}

// books returns the newest state of all books, by number.
func (j *journal) books(ctx context.Context, q queryer) ([]tracker.BookState, error) {
	books := make(map[uint32]tracker.BookState)
	err := each(ctx, q, func(rows *sql.Rows) error {
		var id int64
		var body sql.RawBytes
		if err := rows.Scan(&id, &body); err != nil {
			return err
		}
		b, err := parseBook(id, body)
		books[b.ID] = b
		return err
	}, `SELECT id, body FROM books`)
	if err != nil {
		return nil, fmt.Errorf("books: %w", err)
	}
	j.eachBook(func(b *tracker.BookState) { books[b.ID] = *b }, func(id uint32) { delete(books, id) })
	sorted := make([]tracker.BookState, 0, len(books))
	for _, id := range slices.Sorted(maps.Keys(books)) {
		sorted = append(sorted, books[id])
	}
	return sorted, nil
}

// eachBook passes on what the rows say of books, in order.
func (j *journal) eachBook(set func(*tracker.BookState), drop func(id uint32)) {
	for _, r := range j.rows {
		for _, id := range r.dropped {
			drop(id)
		}
		for i := range r.books {
			set(&r.books[i])
		}
	}
}

func parseBook(id int64, body []byte) (tracker.BookState, error) {
	body, err := unseal(id, body)
	if err != nil {
		return tracker.BookState{}, err
	}
	d := decoder{b: body}
	b := d.book()
	if d.bad || int64(b.ID) != id {
		return b, damaged("row %d is malformed", id)
	}
	return b, nil
}
