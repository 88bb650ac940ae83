package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/haproof/haproof/harness/tracker"
)

// usageChunk is how many rows of usage are in memory at a time, roughly: up to so many
// customers, who may have twice as many rows.
const usageChunk = 1 << 16

// errMuch says that customers have more rows than that.
var errMuch = errors.New("too many rows at a time")

// maxGap is how far apart customers may be that are read in one go.
const maxGap = 8

// Usage calls visit for the committed growth that q asks for, in the order of
// customer and hour. What was used before Stats.Kept is one sum in tracker.FirstHour,
// for those who ask from there.
func (s *Store) Usage(ctx context.Context, q tracker.UsageQuery, visit func(tracker.Growth) error) error {
	s.mu.Lock()
	customers := s.customers
	s.mu.Unlock()
	r := usageReader{q: s.engine.pool(), open: &s.open, most: s.usageRows}
	r.chunk = func(ctx context.Context, from, to uint32, q tracker.UsageQuery) ([]tracker.Growth, error) {
		s.joint.RLock()
		defer s.joint.RUnlock()
		s.mu.Lock()
		kept := s.retained
		s.mu.Unlock()
		return r.read(ctx, from, to, q, kept)
	}
	if err := r.run(ctx, q, customers, visit); err != nil {
		return fmt.Errorf("usage: %w", err)
	}
	return nil
}

// usageReader reads plain rows and what is open, in chunks of customers. Each chunk
// looks into all hours: where customers have little usage it is of more of them.
type usageReader struct {
	q     queryer
	open  *openUsage
	most  int // usageChunk
	chunk func(ctx context.Context, from, to uint32, q tracker.UsageQuery) ([]tracker.Growth, error)
}

// keptHours finds the hours that have plain rows.
const keptHours = `WITH RECURSIVE h(x) AS (
	SELECT min(hour) FROM usage WHERE hour >= $1 AND hour < $2
	UNION ALL SELECT (SELECT min(hour) FROM usage WHERE hour > h.x AND hour < $2) FROM h WHERE h.x IS NOT NULL) `

// keptGrowth is what a range of customers used in those hours, mergedGrowth what it
// used before, in an hour that never was.
const (
	keptGrowth = keptHours + `SELECT u.hour, u.customer, u.n FROM h CROSS JOIN usage u
		WHERE u.hour = h.x AND u.customer >= $3 AND u.customer < $4`
	mergedGrowth = ` UNION ALL SELECT -1, customer, n FROM usage_before WHERE customer >= $3 AND customer < $4`
)

func (r *usageReader) run(ctx context.Context, q tracker.UsageQuery, customers uint32, visit func(tracker.Growth) error) error {
	size, err := r.size(ctx, q)
	if err != nil {
		return err
	}
	if q.Customers == nil {
		return r.all(ctx, size, q, customers, visit)
	}
	for wanted := q.Customers; len(wanted) > 0; {
		n := 1
		for n < len(wanted) && wanted[n]-wanted[n-1] <= maxGap && wanted[n]-wanted[0] < size {
			n++
		}
		growth, err := r.chunk(ctx, wanted[0], wanted[n-1]+1, q)
		if errors.Is(err, errMuch) {
			size = max(size/2, 1)
			continue
		}
		if err != nil {
			return err
		}
		for _, g := range growth {
			if _, ok := slices.BinarySearch(wanted, g.Customer); !ok {
				continue
			}
			if err := visit(g); err != nil {
				return err
			}
		}
		wanted = wanted[n:]
	}
	return nil
}

// size is how many customers make a chunk if all have usage in all hours.
func (r *usageReader) size(ctx context.Context, q tracker.UsageQuery) (uint32, error) {
	var hours int
	if err := r.q.QueryRowContext(ctx, keptHours+`SELECT count(*) FROM h`, int64(q.From), int64(q.To)).Scan(&hours); err != nil {
		return 0, err
	}
	r.open.Lock()
	hours += len(r.open.hours)
	r.open.Unlock()
	return uint32(max(r.most/max(hours, 1), 1)), nil
}

// all passes on the usage of all customers.
func (r *usageReader) all(ctx context.Context, size uint32, q tracker.UsageQuery, customers uint32, visit func(tracker.Growth) error) error {
	for from := uint32(0); from < customers; {
		n := min(size, customers-from)
		growth, err := r.chunk(ctx, from, from+n, q)
		if errors.Is(err, errMuch) {
			size = n / 2
			continue
		}
		if err != nil {
			return err
		}
		for _, g := range growth {
			if err := visit(g); err != nil {
				return err
			}
		}
		from += n
		if len(growth) < r.most/4 {
			size = min(2*size, uint32(r.most))
		}
	}
	return nil
}

// read returns the growth of a range of customers, in order, or errMuch. That of hours
// before kept is in two tables while it is being merged: one statement sees one state
// of both.
func (r *usageReader) read(ctx context.Context, from, to uint32, q tracker.UsageQuery, kept tracker.Hour) ([]tracker.Growth, error) {
	query := keptGrowth
	if q.From > tracker.FirstHour {
		q.From = max(q.From, kept)
	} else {
		query += mergedGrowth
	}
	limit := int64(math.MaxInt64)
	if to-from > 1 {
		limit = 2 * int64(r.most)
	}
	var growth []tracker.Growth
	err := each(ctx, r.q, func(rows *sql.Rows) error {
		var hour, customer, n int64
		err := rows.Scan(&hour, &customer, &n)
		growth = append(growth, tracker.Growth{Customer: uint32(customer), Hour: tracker.Hour(hour), N: uint64(n)})
		return err
	}, query+` LIMIT $5`, int64(q.From), int64(q.To), int64(from), int64(to), limit)
	if err != nil {
		return nil, err
	}
	if int64(len(growth)) >= limit {
		return nil, errMuch
	}
	r.open.Lock()
	r.open.each(from, to, q.From, q.To, func(g tracker.Growth) { growth = append(growth, g) })
	r.open.Unlock()
	for i := range growth {
		if growth[i].Hour < kept {
			growth[i].Hour = tracker.FirstHour
		}
	}
	slices.SortFunc(growth, func(a, b tracker.Growth) int {
		return cmp.Or(cmp.Compare(a.Customer, b.Customer), cmp.Compare(a.Hour, b.Hour))
	})
	return joined(growth), nil
}

// joined adds up what an hour has more than once: in rows and open, or merged.
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
