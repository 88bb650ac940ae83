package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/haproof/haproof/harness/tracker"
)

// hourGrace is how long an hour stays open after its end.
const hourGrace = 10 * time.Minute

// closeHours moves the growth of hours that are over to plain rows, a block in each
// transaction. What such an hour grows later is moved later.
func (s *Store) closeHours(ctx context.Context, step stepper) error {
	now := s.now()
	open := [2]tracker.Hour{tracker.HourOf(now.Add(-hourGrace)), tracker.HourOf(now)}
	for {
		id, body, err := s.closable(ctx, open)
		if err != nil {
			return fmt.Errorf("usage_blocks: %w", err)
		}
		if id < 0 {
			return nil
		}
		if err := s.closeBlock(ctx, step, id, body); err != nil {
			return fmt.Errorf("usage: %w", err)
		}
	}
}

// closable returns the first block of an hour that is over, -1 if there is none.
func (s *Store) closable(ctx context.Context, open [2]tracker.Hour) (id int64, body []byte, err error) {
	const query = `SELECT id, body FROM usage_blocks WHERE id < $1 OR id >= $2 AND id < $3 OR id >= $4 ORDER BY id LIMIT 1`
	err = s.engine.pool().QueryRowContext(ctx, query, hourBlock(open[0]), hourBlock(open[0]+1), hourBlock(open[1]), hourBlock(open[1]+1)).Scan(&id, &body)
	if errors.Is(err, sql.ErrNoRows) {
		return -1, nil, nil
	}
	return id, body, err
}

// hourBlock is the first block of an hour.
func hourBlock(h tracker.Hour) int64 { return blockID(uint32(max(h, 0)), 0) }

// closeBlock moves one block. An hour whose time has passed goes to what is older
// than the usage that is kept.
func (s *Store) closeBlock(ctx context.Context, step stepper, id int64, body []byte) error {
	group, first := firstOf(id)
	hour := tracker.Hour(group)
	var hours, customers, ns []int64
	largest := uint64(0)
	err := eachCell(id, body, func(i uint32, n uint64, _ uint32) {
		largest = max(largest, n)
		hours, customers, ns = append(hours, int64(hour)), append(customers, int64(first+i)), append(ns, int64(n))
	})
	if err != nil {
		return err
	}
	if largest > math.MaxInt64 {
		return fmt.Errorf("hour %d: %d is over the limit of %d", hour, largest, math.MaxInt64)
	}
	s.mu.Lock()
	old := hour < s.retained
	s.mu.Unlock()
	s.joint.Lock()
	defer s.joint.Unlock()
	err = step(ctx, func(tx queryer) error {
		if _, err := tx.ExecContext(ctx, `DELETE FROM usage_blocks WHERE id = $1`, id); err != nil {
			return err
		}
		if old {
			return s.engine.insert(ctx, tx, "usage_before (customer, n)", addBefore, customers, ns)
		}
		return s.engine.insert(ctx, tx, "usage (hour, customer, n)",
			`ON CONFLICT (hour, customer) DO UPDATE SET n = usage.n + excluded.n`, hours, customers, ns)
	})
	if err != nil {
		return err
	}
	s.open.Lock()
	defer s.open.Unlock()
	s.open.take(hour, customers, ns)
	return nil
}

const addBefore = `ON CONFLICT (customer) DO UPDATE SET n = usage_before.n + excluded.n`

// tidy closes hours, merges usage that is older than what is kept, and deletes
// messages that were delivered and need not be remembered.
func (s *Store) tidy(ctx context.Context, step stepper) error {
	if err := s.closeHours(ctx, step); err != nil {
		return err
	}
	if err := s.tidyMessages(ctx, step); err != nil {
		return fmt.Errorf("messages: %w", err)
	}
	if s.opts.Retention > 0 {
		keep := tracker.Hour((s.opts.Retention + time.Hour - 1) / time.Hour)
		if err := s.retain(ctx, step, tracker.HourOf(s.now())-keep); err != nil {
			return fmt.Errorf("usage: %w", err)
		}
	}
	return nil
}

func (s *Store) tidyMessages(ctx context.Context, step stepper) error {
	const old = `SELECT id FROM messages WHERE delivered IS NOT NULL AND until <= $1`
	now := s.now().UnixNano()
	var n int64
	if err := s.engine.pool().QueryRowContext(ctx, `SELECT count(*) FROM (`+old+`) AS old`, now).Scan(&n); err != nil || n == 0 {
		return err
	}
	return step(ctx, func(tx queryer) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM messages WHERE id IN (`+old+` LIMIT $2)`, now, stepRows)
		return err
	})
}

// retain merges the hours before first. They are out of sight from the beginning,
// so that nobody sees a part of one.
func (s *Store) retain(ctx context.Context, step stepper, first tracker.Hour) error {
	s.mu.Lock()
	known := s.retained
	s.mu.Unlock()
	if first > known {
		s.joint.Lock()
		err := step(ctx, func(tx queryer) error {
			_, err := tx.ExecContext(ctx, `UPDATE progress SET retained = $1`, int64(first))
			return err
		})
		if err == nil {
			s.mu.Lock()
			s.retained, known = first, first
			s.mu.Unlock()
		}
		s.joint.Unlock()
		if err != nil {
			return err
		}
	}
	for {
		hours, customers, ns, err := s.outdated(ctx, known)
		if err != nil || len(hours) == 0 {
			return err
		}
		err = step(ctx, func(tx queryer) error {
			last := len(hours) - 1
			_, err := tx.ExecContext(ctx, `DELETE FROM usage WHERE hour = $1 AND customer >= $2 AND customer <= $3`, hours[0], customers[0], customers[last])
			if err != nil {
				return err
			}
			return s.engine.insert(ctx, tx, "usage_before (customer, n)", addBefore, customers, ns)
		})
		if err != nil {
			return err
		}
	}
}

// outdated returns rows of one hour before first.
func (s *Store) outdated(ctx context.Context, first tracker.Hour) (hours, customers, ns []int64, err error) {
	err = each(ctx, s.engine.pool(), func(rows *sql.Rows) error {
		var hour, customer, n int64
		err := rows.Scan(&hour, &customer, &n)
		hours, customers, ns = append(hours, hour), append(customers, customer), append(ns, n)
		return err
	}, `SELECT hour, customer, n FROM usage WHERE hour = (SELECT min(hour) FROM usage) AND hour < $1
		ORDER BY customer LIMIT $2`, int64(first), stepRows)
	return hours, customers, ns, err
}
