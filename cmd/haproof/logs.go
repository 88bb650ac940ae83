package main

import (
	"fmt"
	"io"
	"log/slog"
	"sync"

	"github.com/spf13/cobra"
)

// logs is the logging set-up. Its writer can be moved, so that lines do not run
// through a progress bar.
type logs struct {
	*slog.Logger
	format  string
	verbose bool

	mu sync.Mutex
	to io.Writer
}

func newLogs(to io.Writer) *logs {
	l := &logs{to: to}
	l.Logger = slog.New(slog.NewTextHandler(l, nil))
	return l
}

func (l *logs) flags(root *cobra.Command) {
	root.PersistentFlags().StringVar(&l.format, "log", "text", "format of the log on stderr: text or json")
	root.PersistentFlags().BoolVarP(&l.verbose, "verbose", "v", false, "log what is done step by step")
	root.PersistentPreRunE = func(*cobra.Command, []string) error { return l.open() }
}

// open makes the logger as the flags say.
func (l *logs) open() error {
	options := &slog.HandlerOptions{Level: slog.LevelInfo}
	if l.verbose {
		options.Level = slog.LevelDebug
	}
	switch l.format {
	case "text":
		l.Logger = slog.New(slog.NewTextHandler(l, options))
	case "json":
		l.Logger = slog.New(slog.NewJSONHandler(l, options))
	default:
		return fmt.Errorf("unknown log format %q: want text or json", l.format)
	}
	return nil
}

// move sends further lines to another writer and returns the former one.
func (l *logs) move(to io.Writer) io.Writer {
	l.mu.Lock()
	defer l.mu.Unlock()
	was := l.to
	l.to = to
	return was
}

// Write passes a line on to where the log goes now.
func (l *logs) Write(line []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.to.Write(line)
}
