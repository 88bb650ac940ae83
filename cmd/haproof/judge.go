package main

import (
	"errors"
	"fmt"
	"syscall"

	"github.com/haproof/haproof/harness"
	"github.com/haproof/haproof/harness/check"
	"github.com/haproof/haproof/reports"
)

// judge lets the scenario's checks judge a run, writes all reports into dir and
// prints the one for people.
func (a *app) judge(dir string, run *harness.Run) (*harness.Result, error) {
	result, err := a.verdict(run)
	if err != nil {
		return nil, err
	}
	return result, a.render(dir, result)
}

// verdict lets the scenario's checks judge a run.
func (a *app) verdict(run *harness.Run) (*harness.Result, error) {
	checks, err := check.All(run.Scenario.Checks)
	if err != nil {
		return nil, err
	}
	result := harness.Judge(run, checks)
	a.ending.statuses = append(a.ending.statuses, result.Status)
	return result, nil
}

// render writes a result's reports into dir and prints the one for people.
func (a *app) render(dir string, result *harness.Result) error {
	if _, err := reports.Write(dir, result); err != nil {
		return fmt.Errorf("write reports: %w", err)
	}
	return unlessGone(reports.Terminal(a.stdout, result, a.colour()))
}

// unlessGone forgives that nobody reads stdout any more: what would be printed
// is in the reports too.
func unlessGone(err error) error {
	if errors.Is(err, syscall.EPIPE) {
		return nil
	}
	return err
}
