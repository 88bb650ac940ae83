package tracker

// book is all keys of one generation in one table of a source.
type book struct {
	BookState
	origin  *origin // of Source
	entries entries
	sum     uint64 // of the entries
	hour    Hour   // of Touched
	changed bool   // since the last Take
	stored  bool   // by a Take

	// A session before the barrier said what it says now before a copy of the entries
	// was read elsewhere, perhaps: see entry.apply.
	barrier uint32

	// fresh is the session of a process that has begun every plain counter at zero:
	// an entry that was not seen since then belongs to the process before it.
	fresh uint32

	closing bool // no longer counts: its entries are being moved
	moved   int  // segments of which all entries are
}
