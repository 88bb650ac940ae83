package store

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"slices"

	"github.com/haproof/haproof/harness/tracker"
)

// usageChunk is how many rows of usage are in memory at a time, roughly.
const usageChunk = 1 << 16

// maxGap is how far apart customers may be that are read in one go.
const maxGap = 8

// Usage calls visit for the committed growth that q asks for, in the order of
// customer and hour. Hours that are no longer kept are left out: see Stats.Kept.
func (s *Store) Usage(ctx context.Context, q tracker.UsageQuery, visit func(tracker.Growth) error) error {
	s.mu.Lock()
	customers := s.customers
	s.mu.Unlock()
	r := usageReader{q: s.engine.pool(), open: &s.open}
	r.chunk = func(ctx context.Context, from, to uint32, q tracker.UsageQuery) ([]tracker.Growth, error) {
		s.joint.RLock()
		defer s.joint.RUnlock()
		s.mu.Lock()
		q.From = max(q.From, s.retained)
		s.mu.Unlock()
		return r.read(ctx, from, to, q)
	}
	if err := r.run(ctx, q, customers, visit); err != nil {
		return fmt.Errorf("usage: %w", err)
	}
	return nil
}

// usageReader reads plain rows and what is open, in chunks of customers.
type usageReader struct {
	q     queryer
	open  *openUsage
	chunk func(ctx context.Context, from, to uint32, q tracker.UsageQuery) ([]tracker.Growth, error)
}

// keptHours finds the hours that have plain rows.
const keptHours = `WITH RECURSIVE h(x) AS (
	SELECT min(hour) FROM usage WHERE hour >= $1 AND hour < $2
	UNION ALL SELECT (SELECT min(hour) FROM usage WHERE hour > h.x AND hour < $2) FROM h WHERE h.x IS NOT NULL) `

func (r *usageReader) run(ctx context.Context, q tracker.UsageQuery, customers uint32, visit func(tracker.Growth) error) error {
	var hours int
	if err := r.q.QueryRowContext(ctx, keptHours+`SELECT count(*) FROM h`, int64(q.From), int64(q.To)).Scan(&hours); err != nil {
		return err
	}
	r.open.Lock()
	hours += len(r.open.hours)
	r.open.Unlock()
	size := uint32(max(usageChunk/max(hours, 1), 1))
	if q.Customers == nil {
		for from := uint32(0); from < customers; from += min(size, customers-from) {
			if err := r.visit(ctx, from, from+min(size, customers-from), nil, q, visit); err != nil {
				return err
			}
		}
		return nil
	}
	for wanted := q.Customers; len(wanted) > 0; {
		n := 1
		for n < len(wanted) && wanted[n]-wanted[n-1] <= maxGap && wanted[n]-wanted[0] < size {
			n++
		}
		if err := r.visit(ctx, wanted[0], wanted[n-1]+1, wanted[:n], q, visit); err != nil {
			return err
		}
		wanted = wanted[n:]
	}
	return nil
}

// visit passes on a chunk. wanted are the customers of it, in order; nil means all.
func (r *usageReader) visit(ctx context.Context, from, to uint32, wanted []uint32, q tracker.UsageQuery, visit func(tracker.Growth) error) error {
	growth, err := r.chunk(ctx, from, to, q)
	if err != nil {
		return err
	}
	for _, g := range growth {
		if wanted != nil {
			if _, ok := slices.BinarySearch(wanted, g.Customer); !ok {
				continue
			}
		}
		if err := visit(g); err != nil {
			return err
		}
	}
	return nil
}

// read returns the growth of a range of customers, in order.
func (r *usageReader) read(ctx context.Context, from, to uint32, q tracker.UsageQuery) ([]tracker.Growth, error) {
	var growth []tracker.Growth
	err := each(ctx, r.q, func(rows *sql.Rows) error {
		var hour, customer, n int64
		err := rows.Scan(&hour, &customer, &n)
		growth = append(growth, tracker.Growth{Customer: uint32(customer), Hour: tracker.Hour(hour), N: uint64(n)})
		return err
	}, keptHours+`SELECT u.hour, u.customer, u.n FROM h CROSS JOIN usage u
		WHERE u.hour = h.x AND u.customer >= $3 AND u.customer < $4`, int64(q.From), int64(q.To), int64(from), int64(to))
	if err != nil {
		return nil, err
	}
	r.open.Lock()
	r.open.each(from, to, q.From, q.To, func(g tracker.Growth) { growth = append(growth, g) })
	r.open.Unlock()
	slices.SortFunc(growth, func(a, b tracker.Growth) int {
		return cmp.Or(cmp.Compare(a.Customer, b.Customer), cmp.Compare(a.Hour, b.Hour))
	})
	return joined(growth), nil
}

// joined adds up what an hour has both in rows and open.
func joined(growth []tracker.Growth) []tracker.Growth {
	to := growth[:0]
	for _, g := range growth {
		if n := len(to); n > 0 && to[n-1].Customer == g.Customer && to[n-1].Hour == g.Hour {
			to[n-1].N += g.N
		} else {
			to = append(to, g)
		}
	}
	return to
}
