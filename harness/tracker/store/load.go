package store

import (
	"context"
	"fmt"

	"github.com/haproof/haproof/harness/tracker"
)

// Load passes everything that was committed to state: customers, books, entries,
// marks, each in the order of their numbers or names.
func (s *Store) Load(ctx context.Context, state tracker.State) error {
	if err := s.load(ctx, state); err != nil {
		return fmt.Errorf("load: %w", err)
	}
	return nil
}

func (s *Store) load(ctx context.Context, state tracker.State) error {
	tx, err := s.engine.snapshot(ctx)
	if err != nil {
		return err
	}
	defer tx.Rollback() //nolint:errcheck // it only read
	j, err := readJournal(ctx, tx, allRows, 0)
	if err != nil {
		return err
	}
	if err := j.eachCustomer(ctx, tx, state.RestoreCustomer); err != nil {
		return err
	}
	books, err := j.books(ctx, tx)
	if err != nil {
		return err
	}
	for _, b := range books {
		if err := state.RestoreBook(b); err != nil {
			return err
		}
	}
	m, err := j.entries()
	if err != nil {
		return err
	}
	err = scan(ctx, tx, "entry_blocks", m, func(id int64, c *cells) error {
		book, first := firstOf(id)
		if j.dropped[book] {
			return nil
		}
		for i := range c {
			if c[i].stamp == 0 {
				continue
			}
			e := tracker.EntryState{Book: book, Customer: first + uint32(i), Base: c[i].base, Last: c[i].last}
			if err := state.RestoreEntry(e); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return j.eachMark(ctx, tx, state.RestoreMark)
}
