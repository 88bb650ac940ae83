package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/haproof/haproof/harness/goals"
	"github.com/haproof/haproof/harness/tracker"
	"github.com/haproof/haproof/harness/tracker/api"
	"github.com/haproof/haproof/harness/tracker/store"
)

const (
	storedBooks = 100
	storedKeys  = storedBooks * customers

	// settled is how long memory is watched after the start: what only the start
	// took is given back.
	settled = 10 * time.Second
)

// stored measures a start with ten million keys, and what they take.
func (b *bench) stored(ctx context.Context) error {
	path := filepath.Join(b.dir, "stored.db")
	if err := fill(ctx, path); err != nil {
		return err
	}
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	var starts, resident []float64
	for range min(b.rounds, 5) {
		p, err := b.start(ctx, path)
		if err != nil {
			return err
		}
		starts = append(starts, p.took.Seconds())
		bytes, err := p.memory(ctx)
		if err := errors.Join(err, p.stop()); err != nil {
			return err
		}
		resident = append(resident, bytes/storedKeys)
	}
	note := fmt.Sprintf("%d sources × %d customers", storedBooks, customers)
	b.table.Row(goals.Result{What: "start with 10 million keys", Unit: "s", Goal: goals.AtMost(10), Values: starts, Note: note + ", from exec to the first answer over HTTP"})
	b.table.Row(goals.Result{What: "memory per live key", Unit: "bytes", Goal: goals.AtMost(200), Values: resident, Note: note + ", all that the process takes, divided"})
	b.table.Row(goals.Result{What: "file per key", Unit: "bytes", Values: []float64{float64(info.Size()) / storedKeys}, Note: note})
	return nil
}

// memory waits for the totals to be complete, and returns the bytes that the process
// takes a while later.
func (p *process) memory(ctx context.Context) (float64, error) {
	var s api.Sources
	if err := p.get(ctx, "/v1/sources", &s); err != nil {
		return 0, err
	}
	if len(s.Sources) != storedBooks || s.Sources[0].Total == 0 {
		return 0, fmt.Errorf("%d sources were restored, want %d", len(s.Sources), storedBooks)
	}
	select {
	case <-time.After(settled):
	case <-ctx.Done():
		return 0, ctx.Err()
	}
	return p.resident()
}

// fill makes the store.
func fill(ctx context.Context, path string) error {
	s, err := store.Open(ctx, path, store.Options{Table: "quota", Keys: string(tracker.GenerationKeys)})
	if err != nil {
		return err
	}
	now := time.Now()
	hour := tracker.HourOf(now)
	names := make([]string, customers)
	for i := range names {
		names[i] = fmt.Sprintf("customer-%07d", i)
	}
	err = s.Commit(ctx, &tracker.Batch{At: now, Customers: names})
	for book := range uint32(storedBooks) {
		if err != nil {
			break
		}
		batch := &tracker.Batch{At: now, FirstCustomer: customers, Books: []tracker.BookState{{
			ID: book, Source: fmt.Sprint("edge", book), Table: "quota", Generation: fmt.Sprint(1763683530123 + int(book)), Live: true, Touched: hour.Time(),
		}}}
		for customer := range uint32(customers) {
			n := customer*7919%20_000 + book + 1
			batch.Entries = append(batch.Entries, tracker.EntryState{Book: book, Customer: customer, Last: n})
			batch.Growth = append(batch.Growth, tracker.Growth{Customer: customer, Hour: hour, N: uint64(n)})
		}
		err = s.Commit(ctx, batch)
	}
	return errors.Join(err, s.Close())
}
