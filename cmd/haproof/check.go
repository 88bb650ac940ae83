package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/haproof/haproof/harness"
	"github.com/haproof/haproof/reports"
)

func (a *app) check() *cobra.Command {
	return &cobra.Command{
		Use:   "check DIR…",
		Short: "Judge the records of runs again and rewrite their reports",
		Long: `check reads the records below DIR, a run's directory or one with several runs,
lets this program's checks judge them and rewrites result.json and the reports.
` + exitCodes,
		Args: cobra.MinimumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			var errs []error
			for _, dir := range args {
				errs = append(errs, a.checkBelow(dir))
			}
			return errors.Join(errs...)
		},
	}
}

// checkBelow judges the run in dir, or every run in a directory of runs.
func (a *app) checkBelow(dir string) error {
	records, err := filepath.Glob(filepath.Join(escaped(dir), "*", "*", harness.RecordFile))
	if err != nil {
		return err
	}
	if len(records) > 0 {
		_, err := a.checkRun(dir, records)
		return err
	}
	results, err := a.checkEach(dir)
	if err == nil && len(results) == 0 {
		return nothingIn(dir, "records")
	}
	return errors.Join(err, site(dir, results))
}

// site writes the index of a directory of runs, unless there are none.
func site(dir string, results []*harness.Result) error {
	if len(results) == 0 {
		return nil
	}
	_, err := reports.WriteSite(dir, results)
	return err
}

// checkEach judges every run in a directory of runs.
func (a *app) checkEach(dir string) ([]*harness.Result, error) {
	records, err := filepath.Glob(filepath.Join(escaped(dir), "*", "*", "*", harness.RecordFile))
	if err != nil {
		return nil, err
	}
	var order []string
	byRun := map[string][]string{}
	for _, path := range records {
		run := filepath.Dir(filepath.Dir(filepath.Dir(path)))
		if info, err := os.Lstat(run); err == nil && info.Mode()&os.ModeSymlink != 0 {
			continue // latest
		}
		if byRun[run] == nil {
			order = append(order, run)
		}
		byRun[run] = append(byRun[run], path)
	}
	var results []*harness.Result
	var errs []error
	for _, run := range order {
		result, err := a.checkRun(run, byRun[run])
		errs = append(errs, err)
		if result != nil {
			results = append(results, result)
		}
	}
	return results, errors.Join(errs...)
}

// checkRun reads a run's records and judges them.
func (a *app) checkRun(dir string, records []string) (*harness.Result, error) {
	run := &harness.Run{}
	for _, path := range records {
		rec, err := harness.ReadRecord(filepath.Dir(path))
		if err != nil {
			return nil, err
		}
		run.Records = append(run.Records, rec)
	}
	if err := a.identify(dir, run); err != nil {
		return nil, err
	}
	return a.judge(dir, run)
}

// identify fills in what only the former result knows: the scenario before its
// axes were fixed, and when it was played. Without it the records must do. One
// that cannot be read, such as a newer program's, is not overwritten.
func (a *app) identify(dir string, run *harness.Run) error {
	first := run.Records[0]
	path := filepath.Join(dir, "result.json")
	former, err := reports.Load(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w (move it away to judge from the records alone)", err)
	}
	if err == nil && former.Run == first.Run {
		run.ID, run.Scenario, run.Began, run.Ended = former.Run, former.Scenario, former.Began, former.Began.Add(former.Took)
		return nil
	}
	a.log.Info("no former result: taking the scenario from the first record", "directory", dir)
	run.ID, run.Scenario = first.Run, first.Cell.Scenario
	run.Began, run.Ended = spanOf(run.Records)
	return nil
}

// spanOf is when the first of some records began, and the last ended.
func spanOf(records []*harness.Record) (began, ended time.Time) {
	began = records[0].Driven.Began
	for _, rec := range records {
		if rec.Driven.Began.Before(began) {
			began = rec.Driven.Began
		}
		if end := rec.Driven.Began.Add(rec.Driven.Length + rec.Settlement.Took); end.After(ended) {
			ended = end
		}
	}
	return began.Round(time.Millisecond), ended.Round(time.Millisecond)
}

// nothingIn says why there was nothing to do for dir.
func nothingIn(dir, what string) error {
	info, err := os.Stat(dir)
	if err != nil {
		return err
	}
	if !info.IsDir() {
		return fmt.Errorf("%s: no directory; name that of a run, such as out/latest", dir)
	}
	return fmt.Errorf("%s: no %s there; name the directory of a run, such as out/latest, or one of several runs", dir, what)
}
