package store

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"

	"github.com/haproof/haproof/harness/tracker"
)

// Commit makes a batch durable, as the journal's next row. The row has a number: a
// batch whose Commit failed although it was written is found there when it is
// committed again, and not added twice. Too much that is not folded makes it wait.
func (s *Store) Commit(ctx context.Context, b *tracker.Batch) error {
	if b.Empty() {
		return nil
	}
	s.committed.Lock()
	defer s.committed.Unlock()
	if err := s.room(ctx); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	s.mu.Lock()
	seq := s.seq + 1
	s.mu.Unlock()
	body, states, err := s.packer.pack(seq, b)
	if err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	if err := s.write(ctx, seq, states, body, b); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	s.open.Lock()
	s.open.add(b.Growth)
	s.open.Unlock()
	s.note(seq, states, b)
	return nil
}

// write inserts the row, together with the messages.
func (s *Store) write(ctx context.Context, seq int64, states int, body []byte, b *tracker.Batch) error {
	ctx, cancel := context.WithTimeout(ctx, commitTimeout)
	defer cancel()
	if err := s.gate.enter(ctx); err != nil {
		return err
	}
	defer s.gate.leave()
	conn, err := s.writer.ready(ctx)
	if err != nil {
		return err
	}
	s.written.Add(int64(len(body)) + stepWrites/stepBlocks)
	insert, err := s.writer.journalInsert(ctx)
	if err == nil {
		args := []any{seq, b.At.UnixMilli(), states, body}
		if len(b.Messages) == 0 {
			err = insertOnce(ctx, conn, insert, args)
		} else {
			err = inTx(ctx, s.engine, conn, func(tx queryer) error {
				if err := insertOnce(ctx, tx, insert, args); err != nil {
					return err
				}
				return s.insertMessages(ctx, tx, b.Messages)
			})
		}
	}
	if err != nil {
		s.writer.failed()
	}
	return err
}

// insertOnce succeeds also if the same row is there already.
func insertOnce(ctx context.Context, q queryer, insert *sql.Stmt, args []any) error {
	result, err := insert.ExecContext(ctx, args...)
	if err != nil {
		return err
	}
	if n, err := result.RowsAffected(); err != nil || n == 1 {
		return err
	}
	var stored []byte
	if err := q.QueryRowContext(ctx, `SELECT body FROM journal WHERE seq = $1`, args[0]).Scan(&stored); err != nil {
		return err
	}
	if !bytes.Equal(stored, args[3].([]byte)) {
		return fmt.Errorf("batch %d is stored with other content", args[0])
	}
	return nil
}

// note counts what was committed.
func (s *Store) note(seq int64, states int, b *tracker.Batch) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seq = seq
	s.customers = max(s.customers, b.FirstCustomer+uint32(len(b.Customers)))
	if s.pending.rows == 0 {
		s.pending.since = s.now()
	}
	s.pending.rows++
	s.pending.states += states
	if s.pending.states >= s.foldStates || s.pending.rows >= s.foldRows {
		s.kick()
	}
}

func (s *Store) kick() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// room waits until the journal may grow.
func (s *Store) room(ctx context.Context) error {
	for {
		s.mu.Lock()
		states, folded, err := s.pending.states, s.folded, s.stats.FoldErr
		s.mu.Unlock()
		if states < s.maxStates {
			return nil
		}
		if err != nil {
			return fmt.Errorf("%d cells wait to be folded, the limit is %d: fold: %w", states, s.maxStates, err)
		}
		s.kick()
		select {
		case <-folded:
		case <-ctx.Done():
			return fmt.Errorf("%d cells wait to be folded, the limit is %d: %w", states, s.maxStates, ctx.Err())
		}
	}
}
