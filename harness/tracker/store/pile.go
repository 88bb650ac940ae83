package store

import (
	"context"
	"database/sql"
)

// pile collects packed blocks for one transaction.
type pile struct {
	table  string
	ids    []int64
	ends   []int
	packed []byte

	fresh []int64 // of the window at hand
}

func (p *pile) reset() { p.ids, p.ends, p.packed = p.ids[:0], p.ends[:0], p.packed[:0] }

func (p *pile) bodies() [][]byte {
	bodies, from := make([][]byte, len(p.ends)), 0
	for i, end := range p.ends {
		bodies[i] = p.packed[from:end:end]
		from = end
	}
	return bodies
}

// add packs the blocks of a window together with what is stored of them.
func (p *pile) add(ctx context.Context, q queryer, m *merger, w *window) error {
	p.fresh = w.ids(p.fresh[:0])
	if err := p.read(ctx, q, func(id int64, body []byte) error {
		if w.touched>>(id-w.first)&1 == 0 {
			return nil
		}
		return m.under(w.block(id), id, body)
	}); err != nil {
		return err
	}
	for _, id := range p.fresh {
		p.packed = appendBlock(p.packed, id, w.block(id))
		p.ids = append(p.ids, id)
		p.ends = append(p.ends, len(p.packed))
	}
	return nil
}

// read passes on the stored blocks from the first to the last of the window: in one
// go where most of them are needed, else one by one.
func (p *pile) read(ctx context.Context, q queryer, visit func(id int64, body []byte) error) error {
	first, last := p.fresh[0], p.fresh[len(p.fresh)-1]
	if len(p.fresh) > 1 && 4*int64(len(p.fresh)) >= last-first {
		return p.readRange(ctx, q, first, last, visit)
	}
	for _, id := range p.fresh {
		if err := p.readRange(ctx, q, id, id, visit); err != nil {
			return err
		}
	}
	return nil
}

func (p *pile) readRange(ctx context.Context, q queryer, first, last int64, visit func(id int64, body []byte) error) error {
	return each(ctx, q, func(rows *sql.Rows) error {
		var id int64
		var body sql.RawBytes
		if err := rows.Scan(&id, &body); err != nil {
			return err
		}
		return visit(id, body)
	}, `SELECT id, body FROM `+p.table+` WHERE id >= $1 AND id <= $2`, first, last)
}
