// Command quota-tracker counts, per customer, what HAProxies count in a stick table.
// They push it over the peers protocol; totals are read over HTTP.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/haproof/haproof/harness/tracker"
	"github.com/haproof/haproof/harness/tracker/daemon"
)

// version is set by the linker (see Makefile).
var version string

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	command := daemon.Command{
		Name:    "quota-tracker",
		Version: version,
		Counter: func() (tracker.Counter, error) { return tracker.NewCounts(), nil },
	}
	code := command.Run(ctx, os.Args[1:], os.Stderr)
	stop()
	os.Exit(code)
}
