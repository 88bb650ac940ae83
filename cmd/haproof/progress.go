package main

import (
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/haproof/haproof/harness"
)

// display shows how a run goes. Its methods may be called at the same time.
type display interface {
	show(harness.Progress)
	close()
}

// newDisplay shows a bar on a terminal that has a width, plain lines elsewhere and
// where CI or a dumb terminal is declared. Neither uses colours, so NO_COLOR has its way.
func (a *app) newDisplay() display {
	if columns(a.stderr) > 0 && os.Getenv("CI") == "" {
		return newBar(a.stderr, a.log)
	}
	return newLines(a.stderr, time.Now)
}

// place names where the run is.
func place(p harness.Progress) string {
	parts := []string{p.Cell}
	if p.Trial != "" {
		parts = append(parts, "trial "+p.Trial)
	}
	return strings.Join(append(parts, p.Phase), " ")
}

// figures are the live numbers, empty while nothing is sent.
func figures(p harness.Progress) string {
	if p.RateRPS == 0 && p.Done == 0 {
		return ""
	}
	return fmt.Sprintf("%.0f/s  %d errors  lag p99 %v", p.RateRPS, p.Errors, p.LagP99.Round(10*time.Microsecond))
}

// amount is how much of the trial is done.
func amount(p harness.Progress) string {
	switch {
	case p.Done == 0:
		return ""
	case p.Total == 0:
		return fmt.Sprint(p.Done)
	}
	return fmt.Sprintf("%d of %d", p.Done, p.Total)
}

func joined(parts ...string) string {
	var some []string
	for _, p := range parts {
		if p != "" {
			some = append(some, p)
		}
	}
	return strings.Join(some, "  ")
}
