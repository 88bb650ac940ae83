package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/haproof/haproof/harness/tracker"
)

// Reader reads a store that a tracker may have open, and changes nothing.
type Reader struct {
	engine engine
	url    string // redacted

	// Table and Keys are what the store was counted with.
	Table, Keys string
}

// OpenReader opens a store for reading. secret says that the URL came from the
// environment and may hold a password.
func OpenReader(ctx context.Context, url string, secret bool) (*Reader, error) {
	e, err := newEngine(url, secret, false)
	if err != nil {
		return nil, err
	}
	r := &Reader{engine: e, url: Redact(url)}
	if err := r.check(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("store %s: %w%s", r.url, err, advice(err)), e.close())
	}
	return r, nil
}

// check demands the schema that is known: reading does not migrate.
func (r *Reader) check(ctx context.Context) error {
	version, err := schemaVersion(ctx, r.engine, r.engine.pool())
	if err != nil {
		return err
	}
	if version != len(migrations) {
		return fmt.Errorf("the store has schema %d, known is %d: open it once with the tracker of the newer version", version, len(migrations))
	}
	if r.Table, err = getMeta(ctx, r.engine.pool(), "table"); err != nil {
		return err
	}
	r.Keys, err = getMeta(ctx, r.engine.pool(), "keys")
	return err
}

// Close closes the store.
func (r *Reader) Close() error { return r.engine.close() }

// snapshot is one state of the store.
type snapshot struct {
	*sql.Tx
	*journal
	open openUsage
}

func (r *Reader) snapshot(ctx context.Context) (*snapshot, error) {
	tx, err := r.engine.snapshot(ctx)
	if err != nil {
		return nil, err
	}
	j, err := readJournal(ctx, tx, allRows, 0)
	if err != nil {
		return nil, errors.Join(err, tx.Rollback())
	}
	return &snapshot{Tx: tx, journal: j}, nil
}

func (s *snapshot) close() { _ = s.Rollback() } // it only read

// Usage is what a customer used in an hour.
type Usage struct {
	Customer string
	Hour     tracker.Hour
	N        uint64
}

// Export calls visit for all usage in from <= hour < to, in the order of the
// customers' numbers and of hours, out of one state of the store. It is an error if
// hours before from are no longer kept one by one: a bill would miss them.
func (r *Reader) Export(ctx context.Context, from, to tracker.Hour, visit func(Usage) error) error {
	s, err := r.snapshot(ctx)
	if err != nil {
		return fmt.Errorf("export: %w", err)
	}
	defer s.close()
	if err := s.export(ctx, from, to, visit); err != nil {
		return fmt.Errorf("export: %w", err)
	}
	return nil
}

func (s *snapshot) export(ctx context.Context, from, to tracker.Hour, visit func(Usage) error) error {
	if from < s.retained {
		return fmt.Errorf("usage is kept by the hour from %s on", s.retained.Time().Format("2006-01-02T15:04Z"))
	}
	customers, err := s.customerCount(ctx, s.Tx)
	if err != nil {
		return err
	}
	if err := s.openUsage(ctx, s.Tx, &s.open); err != nil {
		return err
	}
	names := nameCache{snapshot: s}
	reader := usageReader{q: s.Tx, open: &s.open, most: usageChunk}
	reader.chunk = func(ctx context.Context, from, to uint32, q tracker.UsageQuery) ([]tracker.Growth, error) {
		return reader.read(ctx, from, to, q, s.retained)
	}
	return reader.run(ctx, tracker.UsageQuery{From: from, To: to}, customers, func(g tracker.Growth) error {
		name, err := names.get(ctx, g.Customer)
		if err != nil {
			return err
		}
		return visit(Usage{Customer: name, Hour: g.Hour, N: g.N})
	})
}

// nameCache knows the names of one block of customers at a time.
type nameCache struct {
	*snapshot
	row   int64
	names []string
}

func (n *nameCache) get(ctx context.Context, id uint32) (string, error) {
	if row := int64(id >> blockBits); n.names == nil || row != n.row {
		names, err := storedNames(ctx, n.Tx, row)
		if err != nil {
			return "", err
		}
		n.row, n.names = row, names
		for _, r := range n.rows {
			for i, name := range r.customers {
				if id := r.firstCustomer + uint32(i); int64(id) == row<<blockBits+int64(len(n.names)) && len(n.names) < blockSize {
					n.names = append(n.names, name)
				}
			}
		}
	}
	i := int(id & (blockSize - 1))
	if i >= len(n.names) {
		return "", damaged("customer %d has no name", id)
	}
	return n.names[i], nil
}
