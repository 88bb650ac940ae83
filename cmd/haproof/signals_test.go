//go:build unix

package main

import (
	"context"
	"log/slog"
	"syscall"
	"testing"
	"time"
)

func TestFirstSignalEndsSoftAndSecondEndsHard(t *testing.T) {
	for _, first := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
		t.Run(first.String(), func(t *testing.T) {
			soft, hard, stop := interrupts(slog.New(slog.DiscardHandler))
			defer stop()
			signalSelf(t, first)
			ends(t, "soft", soft)
			if hard.Err() != nil {
				t.Fatal("hard ended with the first signal")
			}
			signalSelf(t, syscall.SIGINT)
			ends(t, "hard", hard)
		})
	}
}

func TestContextsEndWithTheCommand(t *testing.T) {
	soft, hard, stop := interrupts(slog.New(slog.DiscardHandler))
	stop()
	ends(t, "soft", soft)
	ends(t, "hard", hard)
}

func signalSelf(t *testing.T, s syscall.Signal) {
	t.Helper()
	if err := syscall.Kill(syscall.Getpid(), s); err != nil {
		t.Fatal(err)
	}
}

func ends(t *testing.T, name string, ctx context.Context) {
	t.Helper()
	select {
	case <-ctx.Done():
	case <-time.After(5 * time.Second):
		t.Fatalf("%s did not end", name)
	}
}
