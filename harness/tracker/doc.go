// Package tracker turns what HAProxies say about their stick tables into totals per
// customer. Counts is the arithmetic: pure, without clock or socket. Server connects
// it to peers and answers over HTTP.
//
// Keys are written customer|generation, where the generation is set when a process
// of HAProxy starts. Each key therefore has one owner, and its counter only grows;
// the total is the sum over all of them. docs/PEERS.md says why.
package tracker
