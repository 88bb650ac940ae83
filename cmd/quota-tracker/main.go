// Command quota-tracker counts, per customer, what HAProxies count in a stick table.
// They push it over the peers protocol; totals are kept in a database and read over
// HTTP. SIGHUP makes it read plans and certificates again.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/haproof/haproof/harness/tracker/daemon"
)

// version is set by the linker (see Makefile).
var version string

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	reload := make(chan os.Signal, 1)
	signal.Notify(reload, syscall.SIGHUP)
	command := daemon.Command{Name: "quota-tracker", Version: version, Reload: reload}
	code := command.Run(ctx, os.Args[1:], os.Stderr)
	stop()
	os.Exit(code)
}
