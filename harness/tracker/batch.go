package tracker

import "time"

// Batch is what has changed since the batch before it. A Store commits it whole or
// not at all. Entries and Books are images: they replace what was stored. Growth
// and Messages are added to what was stored.
type Batch struct {
	At        time.Time // when it was taken
	Customers []string  // new ones; they are numbered on from FirstCustomer
	Books     []BookState
	Entries   []EntryState
	Growth    []Growth
	Dropped   []uint32 // numbers of books that are gone, with all their entries; none of them is in Books or Entries
	Drained   []DrainMark
	Messages  []Message

	FirstCustomer uint32

	ticket uint64 // what waits for it
}

// Empty says that nothing has changed.
func (b *Batch) Empty() bool {
	return len(b.Customers)+len(b.Books)+len(b.Entries)+len(b.Growth)+len(b.Dropped)+len(b.Drained)+len(b.Messages) == 0
}

// BookState describes a Book: all keys of one generation in one table of a source.
type BookState struct {
	ID         uint32 // from 0 on, never used again
	Source     string // name of the peer; another one from some batch on, if the book had been a copy
	Table      string // without the slash
	Generation string // empty for plain keys
	Kind       BookKind
	Live       bool      // the source itself has counted in it: it has not only a copy
	Touched    time.Time // when it grew last, to the hour
}

// BookKind says where the counts of a Book come from.
type BookKind uint8

// The kinds of book.
const (
	BookTable   BookKind = iota // a stick table
	BookLog                     // the log of a stopping process
	BookRetired                 // the sum of the books of a source that were dropped
	BookClosed                  // no counts: the source does not count in that generation any more, for ever
)

// EntryState is the counter of one customer in one Book. Its part of the total is
// Base + Last.
type EntryState struct {
	Book, Customer uint32
	Base           uint64 // of earlier lives of the entry
	Last           uint32 // the newest absolute value
}

// Growth is by how much a customer's total grew in an hour.
type Growth struct {
	Customer uint32
	Hour     Hour
	N        uint64
}

// Hour is a number of hours since 1970-01-01 00:00 UTC.
type Hour int64

// FirstHour and LastHour are before and after all that is ever counted.
const (
	FirstHour Hour = -1 << 40
	LastHour  Hour = 1 << 40
)

// HourOf returns the hour in which t lies.
func HourOf(t time.Time) Hour {
	s := t.Unix()
	h := s / 3600
	if s%3600 < 0 {
		h--
	}
	return Hour(h)
}

// Time returns when the hour begins, in UTC.
func (h Hour) Time() time.Time { return time.Unix(int64(h)*3600, 0).UTC() }

// DrainMark identifies a line that a stopping process has logged, so that it is
// counted once. Closed says instead that no line of the generation counts any more.
type DrainMark struct {
	Source, Generation string
	Seq                uint64
	Closed             bool
	At                 time.Time
}

// Message waits to be delivered to a webhook.
type Message struct {
	ID      string // the same event has the same ID
	Kind    string
	Body    []byte // JSON
	Created time.Time

	// Until is how long the ID is remembered after the message was delivered; the
	// zero time stands for ever.
	Until time.Time
}
