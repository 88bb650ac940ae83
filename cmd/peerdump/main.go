// Command peerdump prints what peers of HAProxy say to each other: one line per
// message, from a recorded stream or as a peer in a live session.
//
//	peerdump fixtures/peers/3.4.7/quota-1.bin
//	peerdump -listen 127.0.0.1:20001 -name peerdump
//	peerdump -dial hap1=127.0.0.1:20000 -name peerdump -json -for 10s
//
// A live session needs a line of its own in HAProxy's peers section, such as
// `server peerdump 127.0.0.1:20001`. Under the name of a peer that exists, peerdump
// would take that peer's place: HAProxy keeps the connection that it accepted last. It
// answers requests for a resync, without which HAProxy pushes nothing, teaches nothing,
// and acknowledges nothing unless -ack is given: what is acknowledged, HAProxy never
// sends again by itself to whoever has the name.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

// version is set by the linker (see Makefile).
var version string

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}
