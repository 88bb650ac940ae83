// Package daemon is the command line around a tracker.Server. cmd/quota-tracker and
// the liars that tests run in its place share it, so that they differ in their
// Counter only.
package daemon

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"runtime/debug"

	"github.com/haproof/haproof/harness/tracker"
)

// The exit codes that Run returns.
const (
	ExitOK     = 0
	ExitFailed = 1 // verify: the totals are not what they should be
	ExitUsage  = 2 // a flag or the configuration is wrong
	ExitCannot = 3 // could not run: an address is busy, a file cannot be read
)

// Counter is what a tracker.Config wants to count with something else.
type Counter = func(*tracker.Counts) tracker.Counter

// Command is one program.
type Command struct {
	Name    string
	Version string                            // as the linker set it; empty means what the Go tool wrote into the binary
	Flags   func(*flag.FlagSet)               // adds the program's own flags; may be nil
	Counter func() (Counter, error)           // asked once, after the flags were read; nil for one that does not lie
	Store   func(tracker.Store) tracker.Store // what keeps the totals in its place; nil for one that does not lie
	Ready   func(peers, http string)          // tells tests what was opened; may be nil
	Reload  <-chan os.Signal                  // each makes it read plans and certificates again; may be nil
	Stdout  io.Writer                         // of export and verify; os.Stdout if nil
}

// commands are what the first argument may name.
var commands = map[string]func(Command, context.Context, []string, io.Writer) error{
	"export": Command.export,
	"verify": Command.verify,
}

// Run reads args, serves until ctx ends, and returns the exit code. Complaints and
// the log go to stderr.
func (c Command) Run(ctx context.Context, args []string, stderr io.Writer) int {
	if c.Stdout == nil {
		c.Stdout = os.Stdout
	}
	run := Command.serve
	name := c.Name
	if len(args) > 0 && commands[args[0]] != nil {
		run = commands[args[0]]
		name += " " + args[0]
		args = args[1:]
	}
	err := run(c, ctx, args, stderr)
	code := exitCode(err)
	switch {
	case errors.Is(err, errVersion):
		fmt.Fprintln(c.Stdout, c.Name, c.version())
	case code != ExitOK:
		fmt.Fprintf(stderr, "%s: %v\n", name, err)
	}
	return code
}

// usageError says that the command line or the configuration is wrong.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

// errDisagree says that totals are not what they should be.
var errDisagree = errors.New("the stored totals do not agree with each other")

func exitCode(err error) int {
	var usage usageError
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp), errors.Is(err, errVersion):
		return ExitOK
	case errors.Is(err, errDisagree):
		return ExitFailed
	case errors.As(err, &usage):
		return ExitUsage
	default:
		return ExitCannot
	}
}

func (c Command) version() string {
	if c.Version != "" {
		return c.Version
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "unknown"
}

// logger writes to stderr in the format that is set.
func (l LogSettings) logger(stderr io.Writer) *slog.Logger {
	level, _ := l.level() // Validate has seen it
	options := &slog.HandlerOptions{Level: level}
	if l.Format == "json" {
		return slog.New(slog.NewJSONHandler(stderr, options))
	}
	return slog.New(slog.NewTextHandler(stderr, options))
}
