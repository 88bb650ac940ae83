package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/haproof/haproof/harness"
	"github.com/haproof/haproof/reports"
)

func (a *app) report() *cobra.Command {
	return &cobra.Command{
		Use:   "report DIR…",
		Short: "Render the reports of judged runs again",
		Long: `report reads result.json in each DIR and renders its reports again. Nothing is
judged anew. The exit code is that of the verdicts.
` + exitCodes,
		Args: cobra.MinimumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			var errs []error
			for _, dir := range args {
				errs = append(errs, a.reportBelow(dir))
			}
			return errors.Join(errs...)
		},
	}
}

// reportBelow renders the run in dir, or every run in a directory of runs and
// their index.
func (a *app) reportBelow(dir string) error {
	if _, err := os.Stat(filepath.Join(dir, "result.json")); err == nil {
		_, err := a.reportRun(dir)
		return err
	}
	files, err := filepath.Glob(filepath.Join(escaped(dir), "*", "result.json"))
	if err != nil {
		return err
	}
	var results []*harness.Result
	var errs []error
	for _, file := range files {
		if filepath.Base(filepath.Dir(file)) == latest {
			continue
		}
		result, err := a.reportRun(filepath.Dir(file))
		errs = append(errs, err)
		if result != nil {
			results = append(results, result)
		}
	}
	if len(results) == 0 && len(errs) == 0 {
		return nothingIn(dir, "result.json")
	}
	return errors.Join(append(errs, site(dir, results))...)
}

func (a *app) reportRun(dir string) (*harness.Result, error) {
	result, err := reports.Load(filepath.Join(dir, "result.json"))
	if err != nil {
		return nil, err
	}
	a.ending.statuses = append(a.ending.statuses, result.Status)
	return result, a.render(dir, result)
}

// escaped makes a directory's name stand for itself in a pattern.
func escaped(dir string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(dir)
}
