package tracker

import (
	"context"
	"time"
)

// Store keeps what has been counted. Commit and Load are called by one goroutine,
// the others by any.
type Store interface {
	// Load passes everything that was committed to s: customers in the order of
	// their numbers, then books, then entries, then marks.
	Load(ctx context.Context, s State) error

	// Commit makes a batch durable, whole or not at all. When it returns an error,
	// the same batch is committed again later, perhaps after a Load by another
	// process, and its growth must not be added twice if it was durable after all.
	Commit(ctx context.Context, b *Batch) error

	// Usage calls visit for the committed growth that q asks for, in the order of
	// customer and hour. An error of visit ends it and is returned. Growth of hours
	// that are no longer kept one by one is passed as one sum in FirstHour.
	Usage(ctx context.Context, q UsageQuery, visit func(Growth) error) error

	// Remembered calls visit for every message, delivered or not, whose Until is zero
	// or after now. A message with an ID that is stored already is not stored again.
	Remembered(ctx context.Context, now time.Time, visit func(id string, until time.Time) error) error

	// Messages returns the oldest messages that were not delivered, at most limit.
	Messages(ctx context.Context, limit int) ([]Message, error)

	// Delivered marks a message as delivered.
	Delivered(ctx context.Context, id string, at time.Time) error

	Close() error
}

// UsageQuery selects usage by customer and time.
type UsageQuery struct {
	Customers []uint32 // ascending; nil means all
	From, To  Hour     // From <= hour < To
}

// State is what a Store is loaded into.
type State interface {
	RestoreCustomer(id uint32, name string) error
	RestoreBook(BookState) error
	RestoreEntry(EntryState) error
	RestoreMark(DrainMark) error
}

var _ State = (*Counts)(nil)
