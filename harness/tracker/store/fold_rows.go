package store

import (
	"context"
	"slices"

	"github.com/haproof/haproof/harness/tracker"
)

// foldBooks writes the newest state of each book.
func (f *folder) foldBooks(ctx context.Context) error {
	newest := make(map[uint32]*tracker.BookState)
	f.eachBook(func(b *tracker.BookState) { newest[b.ID] = b }, func(id uint32) { newest[id] = nil })
	ids := make([]uint32, 0, len(newest))
	for id := range newest {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	for part := range slices.Chunk(ids, stepRows) {
		var set, gone []int64
		var sources, generations []string
		var bodies [][]byte
		for _, id := range part {
			b := newest[id]
			if b == nil {
				gone = append(gone, int64(id))
				continue
			}
			set = append(set, int64(id))
			sources, generations = append(sources, inText(b.Source)), append(generations, inText(b.Generation))
			bodies = append(bodies, seal(appendBook(nil, b), 0, int64(id)))
		}
		err := f.step(ctx, func(tx queryer) error {
			for _, id := range gone {
				if _, err := tx.ExecContext(ctx, `DELETE FROM books WHERE id = $1`, id); err != nil {
					return err
				}
			}
			if len(set) == 0 {
				return nil
			}
			return f.engine.insert(ctx, tx, "books (id, source, generation, body)",
				`ON CONFLICT (id) DO UPDATE SET source = excluded.source, generation = excluded.generation, body = excluded.body`,
				set, sources, generations, bodies)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// foldDropped deletes the entries of books that were dropped.
func (f *folder) foldDropped(ctx context.Context) error {
	for id := range f.dropped {
		first, end := blockID(id, 0), blockID(id, 0)+1<<(32-blockBits)
		err := f.deleteSome(ctx, `DELETE FROM entry_blocks WHERE id IN
			(SELECT id FROM entry_blocks WHERE id >= $1 AND id < $2 ORDER BY id LIMIT $3)`, first, end, stepBlocks)
		if err != nil {
			return err
		}
	}
	return nil
}

// deleteSome repeats a DELETE, a transaction each, until it finds nothing.
func (f *folder) deleteSome(ctx context.Context, query string, args ...any) error {
	for {
		var n int64
		err := f.step(ctx, func(tx queryer) error {
			result, err := tx.ExecContext(ctx, query, args...)
			if err != nil {
				return err
			}
			n, err = result.RowsAffected()
			return err
		})
		if err != nil || n == 0 {
			return err
		}
	}
}

// foldMarks writes the lines that were counted, and forgets those of closed processes.
func (f *folder) foldMarks(ctx context.Context) error {
	var marks []tracker.DrainMark
	var closed []drained
	for _, r := range f.rows {
		marks = append(marks, r.marks...)
	}
	for _, m := range marks {
		if m.Closed {
			closed = append(closed, drained{m.Source, m.Generation})
		}
	}
	for part := range slices.Chunk(marks, stepRows) {
		if err := f.step(ctx, func(tx queryer) error { return f.insertMarks(ctx, tx, part) }); err != nil {
			return err
		}
	}
	for _, d := range closed {
		err := f.deleteSome(ctx, `DELETE FROM marks WHERE source = $1 AND generation = $2 AND closed = 0 AND seq IN
			(SELECT seq FROM marks WHERE source = $1 AND generation = $2 AND closed = 0 ORDER BY seq LIMIT $3)`,
			[]byte(d.source), []byte(d.generation), stepRows)
		if err != nil {
			return err
		}
	}
	return nil
}

func (f *folder) insertMarks(ctx context.Context, tx queryer, marks []tracker.DrainMark) error {
	var sources, generations [][]byte
	var seqs, closed, ats []int64
	for _, m := range marks {
		sources, generations = append(sources, []byte(m.Source)), append(generations, []byte(m.Generation))
		seqs, ats = append(seqs, int64(m.Seq)), append(ats, m.At.UnixMilli())
		flag := int64(0)
		if m.Closed {
			flag = 1
		}
		closed = append(closed, flag)
	}
	return f.engine.insert(ctx, tx, "marks (source, generation, seq, closed, at)", `ON CONFLICT (source, generation, closed, seq) DO NOTHING`,
		sources, generations, seqs, closed, ats)
}
