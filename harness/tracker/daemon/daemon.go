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
	"runtime/debug"

	"github.com/haproof/haproof/harness/tracker"
)

// The exit codes that Run returns.
const (
	ExitOK     = 0
	ExitUsage  = 2 // a flag is wrong
	ExitCannot = 3 // could not run: an address is busy, a file cannot be read
)

// Command is one program.
type Command struct {
	Name    string
	Version string                          // as the linker set it; empty means what the Go tool wrote into the binary
	Flags   func(*flag.FlagSet)             // adds the program's own flags; may be nil
	Counter func() (tracker.Counter, error) // called once, after the flags were read
	Ready   func(peers, http string)        // tells tests what was opened; may be nil
}

// Run reads args, serves until ctx ends, and returns the exit code. Complaints and
// the log go to stderr.
func (c Command) Run(ctx context.Context, args []string, stderr io.Writer) int {
	f, err := c.parse(args, stderr)
	if errors.Is(err, flag.ErrHelp) {
		return ExitOK
	}
	if errors.Is(err, errVersion) {
		fmt.Println(c.Name, c.version())
		return ExitOK
	}
	if err != nil {
		fmt.Fprintf(stderr, "%s: %v\n", c.Name, err)
		return ExitUsage
	}
	logger := f.logger(stderr)
	if err := c.serve(ctx, f, logger); err != nil {
		logger.Error("could not run", "error", err)
		return ExitCannot
	}
	return ExitOK
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

func (c Command) serve(ctx context.Context, f *flags, logger *slog.Logger) error {
	cfg := f.config
	if f.cert != "" {
		secure, err := tracker.MutualTLS(f.cert, f.key, f.ca)
		if err != nil {
			return err
		}
		cfg.TLS = secure
	}
	cfg.Report = func(e tracker.Event) { logEvent(logger, e) }
	server, err := tracker.New(ctx, cfg)
	if err != nil {
		return err
	}
	if cfg.TLS == nil {
		logger.Warn("peers are not authenticated: no -cert, -key and -ca")
	}
	logger.Info("started", "name", cfg.Name, "table", cfg.Table, "peers", server.PeersAddr(), "http", server.HTTPAddr())
	if c.Ready != nil {
		c.Ready(fmt.Sprint(server.PeersAddr()), fmt.Sprint(server.HTTPAddr()))
	}
	err = server.Run(ctx)
	logger.Info("stopped", "total", server.Counts().Total)
	return err
}

func logEvent(logger *slog.Logger, e tracker.Event) {
	attributes := []any{}
	if e.Source != "" {
		attributes = append(attributes, "source", e.Source)
	}
	if e.Err != nil {
		logger.Warn(e.Text, append(attributes, "error", e.Err)...)
		return
	}
	logger.Info(e.Text, attributes...)
}
