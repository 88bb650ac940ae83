// Package store keeps what the tracker has counted, in SQLite or in PostgreSQL.
//
// A Commit writes one row, the journal's next: everything that a batch holds,
// packed and with a checksum. The Store's own goroutine folds the journal into
// tables, in transactions of a few milliseconds: entries and the growth of running
// hours in packed blocks, finished hours, customers, books and marks in plain rows
// that SQL can read. What is stored is at any instant the tables with the rest of
// the journal on top, however a fold was cut short.
package store
