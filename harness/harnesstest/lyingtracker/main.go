// Command lyingtracker is a quota-tracker that is wrong on purpose, for tests: a
// check that does not catch it is worthless. It takes the flags of quota-tracker,
// and -lie, one of those in package lies.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/haproof/haproof/harness/harnesstest/lies"
	"github.com/haproof/haproof/harness/tracker"
	"github.com/haproof/haproof/harness/tracker/daemon"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	var name string
	command := daemon.Command{
		Name:    "lyingtracker",
		Flags:   func(set *flag.FlagSet) { set.StringVar(&name, "lie", "", "`what` to lie") },
		Counter: func() (daemon.Counter, error) { return counterOf(name) },
		Store:   func(honest tracker.Store) tracker.Store { return storeOf(name, honest) },
	}
	code := command.Run(ctx, os.Args[1:], os.Stderr)
	stop()
	os.Exit(code)
}

// counterOf returns the counter that tells the lie, nil if the lie is about something
// else.
func counterOf(name string) (daemon.Counter, error) {
	lie, err := lies.New(name)
	if err != nil {
		return nil, fmt.Errorf("-lie: %w", err)
	}
	return lie.Counter, nil
}

// storeOf returns the store that tells the lie, the honest one if the lie is about
// something else.
func storeOf(name string, honest tracker.Store) tracker.Store {
	if lie, err := lies.New(name); err == nil && lie.Store != nil {
		return lie.Store(honest)
	}
	return honest
}
