package store

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// What one step of a fold does at most: some milliseconds of work, because a
// commit may have to wait for it.
const (
	stepBlocks = 32
	stepRows   = 512
	stepBodies = 16 // rows of the journal that are deleted

	stepWrites = 2 * stepBlocks * 4096 // bytes, roughly

	// checkpointAt is how much is written between two checkpoints.
	checkpointAt = 16 << 20
)

// stepper runs one transaction of a fold.
type stepper func(context.Context, func(queryer) error) error

// step runs f in a transaction, beside commits.
func (s *Store) step(ctx context.Context, f func(queryer) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
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
	s.written.Add(stepWrites)
	if err = s.engine.relaxed(ctx, conn, f); err != nil {
		s.writer.failed()
	}
	return err
}

// fold moves the rows that the journal has now into the tables. Wherever it is cut
// short, tables and journal together say the same as before: images are
// written before the rows go, and growth is added in the transaction that notes
// how far it was added.
func (s *Store) fold(ctx context.Context, step stepper) error {
	s.folding.Lock()
	defer s.folding.Unlock()
	s.mu.Lock()
	last := s.seq
	s.mu.Unlock()
	for {
		more, err := s.foldSome(ctx, step, last)
		if err != nil {
			return err
		}
		if !more {
			return s.tidy(ctx, step)
		}
	}
}

// foldSome folds as many rows up to last as memory is meant for. It is false when
// there were none.
func (s *Store) foldSome(ctx context.Context, step stepper, last int64) (bool, error) {
	if err := s.deleteFolded(ctx, step); err != nil {
		return false, err
	}
	j, err := readJournal(ctx, s.engine.pool(), last, s.foldStates)
	if err != nil || len(j.rows) == 0 {
		return false, err
	}
	f := &folder{Store: s, journal: j, step: step}
	if err := f.run(ctx); err != nil {
		return false, err
	}
	s.mu.Lock()
	s.pending.rows -= len(j.rows)
	s.pending.states -= j.states
	s.pending.since = s.now()
	s.mu.Unlock()
	return true, s.deleteFolded(ctx, step)
}

// folder folds the rows of a journal.
type folder struct {
	*Store
	*journal
	step stepper
}

func (f *folder) run(ctx context.Context) error {
	for _, part := range []struct {
		name string
		fold func(context.Context) error
	}{
		{"customers", f.foldCustomers},
		{"books", f.foldBooks},
		{"marks", f.foldMarks},
		{"entries", f.foldEntries},
		{"dropped books", f.foldDropped},
		{"growth", f.foldGrowth},
		{"progress", f.finish},
	} {
		if err := part.fold(ctx); err != nil {
			return fmt.Errorf("%s: %w", part.name, err)
		}
	}
	return nil
}

func (f *folder) foldEntries(ctx context.Context) error {
	m, err := f.journal.entries()
	if err != nil {
		return err
	}
	return f.foldBlocks(ctx, "entry_blocks", m, nil)
}

// foldGrowth adds, and so has to do each place once.
func (f *folder) foldGrowth(ctx context.Context) error {
	m, err := f.growth()
	if err != nil {
		return err
	}
	target, before := f.target, f.place
	return f.foldBlocks(ctx, "usage_blocks", m, func(tx queryer, place uint64) error {
		err := progress(ctx, tx, `UPDATE progress SET target = $1, place = $2 WHERE folded = $3 AND target = $4 AND place = $5`,
			f.last, int64(place), f.journal.folded, target, int64(before))
		target, before = f.last, place
		return err
	})
}

// progress goes on from where the table says it is, and from nowhere else.
func progress(ctx context.Context, tx queryer, update string, args ...any) error {
	result, err := tx.ExecContext(ctx, update, args...)
	if err != nil {
		return err
	}
	n, err := result.RowsAffected()
	if err == nil && n != 1 {
		err = errors.New("the progress of the fold is not what it was: another process has written")
	}
	return err
}

// foldBlocks writes the blocks that m has something for. done is called in the
// transaction in which the blocks before place were written.
func (f *folder) foldBlocks(ctx context.Context, table string, m *merger, done func(tx queryer, place uint64) error) error {
	p := pile{table: table}
	for {
		w, err := m.next()
		if err != nil {
			return err
		}
		if w == nil || len(p.ids) >= stepBlocks {
			err := f.flush(ctx, &p, done)
			if err != nil || w == nil {
				return err
			}
		}
		if err := p.add(ctx, f.engine.pool(), m, w); err != nil {
			return err
		}
	}
}

func (f *folder) flush(ctx context.Context, p *pile, done func(tx queryer, place uint64) error) error {
	if len(p.ids) == 0 {
		return nil
	}
	err := f.step(ctx, func(tx queryer) error {
		err := f.engine.insert(ctx, tx, p.table+" (id, body)", `ON CONFLICT (id) DO UPDATE SET body = excluded.body`, p.ids, p.bodies())
		if err != nil || done == nil {
			return err
		}
		return done(tx, uint64(p.ids[len(p.ids)-1]+1)<<blockBits)
	})
	p.reset()
	return err
}

// finish notes that the tables hold what the rows hold.
func (f *folder) finish(ctx context.Context) error {
	return f.step(ctx, func(tx queryer) error {
		return progress(ctx, tx, `UPDATE progress SET folded = $1, target = 0, place = 0 WHERE folded = $2`, f.last, f.journal.folded)
	})
}

// deleteFolded deletes rows that are in the tables.
func (s *Store) deleteFolded(ctx context.Context, step stepper) error {
	for {
		var first, folded int64
		err := s.engine.pool().QueryRowContext(ctx,
			`SELECT coalesce((SELECT min(seq) FROM journal), folded + 1), folded FROM progress`).Scan(&first, &folded)
		if err != nil {
			return fmt.Errorf("journal: %w", err)
		}
		if first > folded {
			return nil
		}
		err = step(ctx, func(tx queryer) error {
			_, err := tx.ExecContext(ctx, `DELETE FROM journal WHERE seq < $1`, min(first+stepBodies, folded+1))
			return err
		})
		if err != nil {
			return fmt.Errorf("journal: %w", err)
		}
	}
}

// maintain folds when there is enough to fold, until ctx ends.
func (s *Store) maintain(ctx context.Context) {
	defer close(s.done)
	tick := time.NewTicker(foldPause)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.wake:
		case <-tick.C:
		}
		if s.due() {
			s.foldNow(ctx)
		}
		if c, ok := s.engine.(checkpointer); ok && s.written.Load() >= checkpointAt {
			s.written.Store(0)
			_ = c.checkpoint(ctx, s.alone) // the log only stays longer; a full disk shows at the next commit
		}
	}
}

// due says whether to fold, and not sooner than foldPause after a failure.
func (s *Store) due() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stats.FoldErr != nil && s.now().Sub(s.lastFold) < foldPause {
		return false
	}
	if s.now().Sub(s.lastFold) >= s.tidyAge {
		return true
	}
	p := s.pending
	return p.rows > 0 && (p.states >= s.foldStates || p.rows >= s.foldRows || s.now().Sub(p.since) >= s.foldAge)
}

// foldNow folds and lets those know who wait for it.
func (s *Store) foldNow(ctx context.Context) {
	begin := s.now()
	err := s.fold(ctx, s.step)
	before := s.noteFold(begin, err)
	if (before == nil) != (err == nil) && s.opts.Report != nil && ctx.Err() == nil {
		s.opts.Report(err)
	}
}

// noteFold returns the error of the fold before.
func (s *Store) noteFold(begin time.Time, err error) (before error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	before = s.stats.FoldErr
	s.lastFold = s.now()
	s.stats.Folded, s.stats.FoldTook = s.lastFold, s.lastFold.Sub(begin)
	s.stats.Folds++
	s.stats.FoldErr = err
	close(s.folded)
	s.folded = make(chan struct{})
	return before
}

// alone runs f while nobody writes.
func (s *Store) alone(f func() error) error {
	if err := s.gate.enter(context.Background()); err != nil {
		return err
	}
	defer s.gate.leave()
	return f()
}
