// Package tracker turns what HAProxies say about their stick tables into totals per
// customer. Counts is the arithmetic: pure, without clock, socket or disk. Server
// connects it to peers, and to a Store that makes it durable: a peer is told that its
// updates arrived when they are committed, and not before.
//
// Keys are written customer|generation, where the generation is set when a process of
// HAProxy starts, or are plain customers: see Keys. What is counted is never too much;
// Counts says what it may miss. docs/PEERS.md says why.
package tracker
