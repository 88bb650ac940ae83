// Package simproxy simulates HAProxies on the wire of the peers protocol: one
// quota table each, its pushes, lessons, reconnections, reloads and losses, as fast
// as a test wants them. It is for tests and benchmarks of what receives from them.
//
// A Proxy is one process of HAProxy. Whatever happens to it in life happens here by
// a call: Inc counts, Purge and Clear lose entries without a word, Cut breaks the
// connections, Reload replaces the process by one that learns from it, Crash by one
// that knows nothing. Truth says what was counted in all, Acked what a tracker has
// promised to keep. A tracker that is good enough to bill from never shows less
// than Acked nor more than Truth, and exactly Truth after Idle if nothing was lost.
//
// What goes on the wire is written by an encoder of its own, so that a mistake in
// the codec of package peers does not meet its mirror image. docs/PEERS.md is what
// both follow; the streams in fixtures/peers are what both are held against.
package simproxy
