package main

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/haproof/haproof/harness"
)

// interrupts returns two contexts. The first interrupt, SIGTERM or hang-up of
// the terminal ends soft: stop sending, drain, keep what was seen. The second ends hard too, with
// harness.ErrInterrupted as its cause: take everything down now. A third one
// kills the program, as without haproof. stop ends both without that cause.
// A reader of stdout or stderr that goes away is no reason to end: a program
// that died of it would leave its lab running.
func interrupts(log *slog.Logger) (soft, hard context.Context, stop func()) {
	hard, endHard := context.WithCancelCause(context.Background())
	soft, endSoft := context.WithCancel(hard)
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	if !signal.Ignored(syscall.SIGHUP) { // as nohup has it
		signal.Notify(signals, syscall.SIGHUP)
	}
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE) // so that a write fails instead
	done := make(chan struct{})
	finished := make(chan struct{})
	go func() {
		defer close(finished)
		if !await(signals, done, func(s os.Signal) {
			log.Warn("stopping: what is under way is drained; interrupt again to stop at once", "signal", s)
			endSoft()
		}) {
			return
		}
		if await(signals, done, func(s os.Signal) {
			log.Warn("stopping at once", "signal", s)
			endHard(harness.ErrInterrupted)
		}) {
			signal.Stop(signals) // not before: a late signal must not change the exit code
		}
	}()
	return soft, hard, func() {
		close(done)
		<-finished
		endSoft()
		endHard(nil)
	}
}

// await calls act at the next signal; it returns false once done is closed.
func await(signals <-chan os.Signal, done <-chan struct{}, act func(os.Signal)) bool {
	select {
	case s := <-signals:
		act(s)
		return true
	case <-done:
		return false
	}
}

// orInterrupted says that the command was interrupted, if so; what else went
// wrong is then likely its consequence.
func orInterrupted(soft context.Context, err error) error {
	if soft.Err() == nil || errors.Is(err, harness.ErrInterrupted) {
		return err
	}
	return errors.Join(err, harness.ErrInterrupted)
}
