package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/haproof/haproof/harness/tracker"
)

// insertMessages leaves out those whose ID is there already.
func (s *Store) insertMessages(ctx context.Context, tx queryer, messages []tracker.Message) error {
	for i := range messages {
		m := &messages[i]
		var until any
		if !m.Until.IsZero() {
			until = m.Until.UnixNano()
		}
		body := m.Body
		if body == nil {
			body = []byte{}
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO messages (id, kind, body, created, until) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (id) DO NOTHING`,
			m.ID, m.Kind, body, m.Created.UnixNano(), until)
		if err != nil {
			return fmt.Errorf("message %q: %w", m.ID, err)
		}
	}
	return nil
}

// Remembered calls visit for the messages whose ID must not be used again.
func (s *Store) Remembered(ctx context.Context, now time.Time, visit func(id string, until time.Time) error) error {
	err := each(ctx, s.engine.pool(), func(rows *sql.Rows) error {
		var id string
		var until sql.NullInt64
		if err := rows.Scan(&id, &until); err != nil {
			return err
		}
		var t time.Time
		if until.Valid {
			t = time.Unix(0, until.Int64).UTC()
		}
		return visit(id, t)
	}, `SELECT id, until FROM messages WHERE until IS NULL OR until > $1`, now.UnixNano())
	if err != nil {
		return fmt.Errorf("messages: %w", err)
	}
	return nil
}

// Messages returns the oldest messages that were not delivered, at most limit.
func (s *Store) Messages(ctx context.Context, limit int) ([]tracker.Message, error) {
	var messages []tracker.Message
	err := each(ctx, s.engine.pool(), func(rows *sql.Rows) error {
		var m tracker.Message
		var created int64
		var until sql.NullInt64
		if err := rows.Scan(&m.ID, &m.Kind, &m.Body, &created, &until); err != nil {
			return err
		}
		m.Created = time.Unix(0, created).UTC()
		if until.Valid {
			m.Until = time.Unix(0, until.Int64).UTC()
		}
		messages = append(messages, m)
		return nil
	}, `SELECT id, kind, body, created, until FROM messages WHERE delivered IS NULL ORDER BY created, id LIMIT $1`, limit)
	if err != nil {
		return nil, fmt.Errorf("messages: %w", err)
	}
	return messages, nil
}

// Delivered marks a message as delivered. To mark it again changes nothing; one that
// is not stored is an error.
func (s *Store) Delivered(ctx context.Context, id string, at time.Time) error {
	ctx, cancel := context.WithTimeout(ctx, commitTimeout)
	defer cancel()
	if err := s.gate.enter(ctx); err != nil {
		return fmt.Errorf("message %q: %w", id, err)
	}
	defer s.gate.leave()
	conn, err := s.writer.ready(ctx)
	if err != nil {
		return fmt.Errorf("message %q: %w", id, err)
	}
	result, err := conn.ExecContext(ctx, `UPDATE messages SET delivered = coalesce(delivered, $2) WHERE id = $1`, id, at.UnixNano())
	if err != nil {
		s.writer.failed()
		return fmt.Errorf("message %q: %w", id, err)
	}
	n, err := result.RowsAffected()
	if err == nil && n != 1 {
		err = errors.New("it is not stored")
	}
	if err != nil {
		return fmt.Errorf("message %q: %w", id, err)
	}
	return nil
}
