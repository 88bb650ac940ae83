package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/haproof/haproof/harness/tracker"
)

// drained names the lines that one process has logged.
type drained struct{ source, generation string }

// eachMark passes on the lines that were counted, each once, and which processes
// are closed. The lines of those are forgotten.
func (j *journal) eachMark(ctx context.Context, q queryer, visit func(tracker.DrainMark) error) error {
	closed := make(map[drained]bool)
	passed := make(map[tracker.DrainMark]bool) // those of the journal, without their times
	for _, r := range j.rows {
		for _, m := range r.marks {
			passed[timeless(m)] = false
			if m.Closed {
				closed[drained{m.Source, m.Generation}] = true
			}
		}
	}
	pass := func(m tracker.DrainMark) error {
		if !m.Closed && closed[drained{m.Source, m.Generation}] {
			return nil
		}
		done, known := passed[timeless(m)]
		if done {
			return nil
		}
		if known {
			passed[timeless(m)] = true
		}
		return visit(m)
	}
	if err := storedMarks(ctx, q, pass); err != nil {
		return err
	}
	for _, r := range j.rows {
		for _, m := range r.marks {
			if err := pass(m); err != nil {
				return err
			}
		}
	}
	return nil
}

func timeless(m tracker.DrainMark) tracker.DrainMark {
	m.At = time.Time{}
	return m
}

func storedMarks(ctx context.Context, q queryer, visit func(tracker.DrainMark) error) error {
	err := each(ctx, q, func(rows *sql.Rows) error {
		var source, generation []byte
		var seq, closed, at int64
		if err := rows.Scan(&source, &generation, &seq, &closed, &at); err != nil {
			return err
		}
		return visit(tracker.DrainMark{Source: string(source), Generation: string(generation), Seq: uint64(seq),
			Closed: closed != 0, At: time.UnixMilli(at).UTC()})
	}, `SELECT source, generation, seq, closed, at FROM marks ORDER BY source, generation, closed, seq`)
	if err != nil {
		return fmt.Errorf("marks: %w", err)
	}
	return nil
}
