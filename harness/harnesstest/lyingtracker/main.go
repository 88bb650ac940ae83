// Command lyingtracker is a quota-tracker that is wrong on purpose, for tests: a
// check that does not catch it is worthless. It takes the flags of quota-tracker,
// and -lie:
//
//   - lose-1-in-10000 hides ceil(n/10000) of a customer's n
//   - absolute adds the absolute value of each update instead of its growth
//   - static adds floor(n/10) to a customer's n, as if for every ten answers of the
//     application one static file had been charged, and 1 to any n from 1 to 9
package main

import (
	"context"
	"flag"
	"os"
	"os/signal"
	"syscall"

	"github.com/haproof/haproof/harness/tracker/daemon"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	var lie string
	command := daemon.Command{
		Name: "lyingtracker",
		Flags: func(set *flag.FlagSet) {
			set.StringVar(&lie, "lie", "", "`what` to lie: lose-1-in-10000, absolute or static")
		},
		Counter: func() (daemon.Counter, error) { return newLiar(lie) },
	}
	code := command.Run(ctx, os.Args[1:], os.Stderr)
	stop()
	os.Exit(code)
}
