package main

import (
	"errors"
	"fmt"
	"slices"

	"github.com/haproof/haproof/harness"
)

// The exit codes, which are part of the interface.
const (
	exitPass        = 0
	exitFail        = 1
	exitUnknown     = 2
	exitCannot      = 3
	exitInterrupted = 130
)

// ending is how a command ended.
type ending struct {
	statuses []harness.Status // one per judged scenario
	err      error            // what could not be done
}

// code is the one place that chooses an exit code. Interrupted outweighs all,
// because nobody then knows what the rest would have said. A failed check
// outweighs what could not be run: it is the news. What could not be run
// outweighs unknown, because it wants other hands.
func (e ending) code() int {
	switch {
	case errors.Is(e.err, harness.ErrInterrupted):
		return exitInterrupted
	case slices.Contains(e.statuses, harness.Fail), errors.Is(e.err, errTraps):
		return exitFail
	case e.err != nil:
		return exitCannot
	case slices.Contains(e.statuses, harness.Unknown):
		return exitUnknown
	}
	return exitPass
}

// complain prints an error on stderr. Problems of scenarios and traps speak for themselves.
func (a *app) complain(err error) {
	if errors.Is(err, errTraps) {
		return // they were printed
	}
	var problems *harness.LoadError
	if errors.As(err, &problems) && err.Error() == problems.Error() {
		fmt.Fprintln(a.stderr, err)
		return
	}
	fmt.Fprintf(a.stderr, "haproof: %v\n", err)
}
