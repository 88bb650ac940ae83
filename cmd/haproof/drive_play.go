package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/haproof/haproof/harness"
	"github.com/haproof/haproof/harness/driver"
	"github.com/haproof/haproof/reports"
)

// elsewhere is a lab that somebody else runs: there is nothing to start, to wait
// for or to ask.
type elsewhere struct{ to []harness.Endpoint }

var _ harness.Lab = elsewhere{}

func (e elsewhere) Endpoints(harness.Route) []harness.Endpoint { return e.to }

func (e elsewhere) Nodes() []harness.Node {
	var nodes []harness.Node
	for _, to := range e.to {
		nodes = append(nodes, harness.Node{Name: to.Node, Tier: "target", Kind: "url", Address: to.Node})
	}
	return nodes
}

func (elsewhere) Witnesses() []harness.Witness { return nil }

func (elsewhere) Settle(context.Context) (harness.Settlement, error) {
	return harness.Settlement{Settled: true}, nil
}

func (elsewhere) Usage(context.Context) ([]harness.Usage, error) { return nil, nil }
func (elsewhere) Failures() []harness.NodeFailure                { return nil }
func (elsewhere) Close() error                                   { return nil }

// driveURLs drives, judges and reports.
func (a *app) driveURLs(urls []string, o driveOptions) error {
	targets, to, err := o.list(urls)
	if err != nil {
		return err
	}
	sc, err := o.scenario(targets)
	if err != nil {
		return err
	}
	if _, err := driver.New(o.driver); err != nil {
		return err
	}
	if o.results != "" && resultFormat(o.results) == "" {
		return fmt.Errorf("--results %s: want a name that ends in .%s", o.results, strings.Join(driver.ResultFormats(), ", ."))
	}
	if o.results != "" && o.totals {
		return errors.New("--results wants every request, of which --totals keeps none: leave out one of them")
	}
	if err := errors.Join(writable(o.out), o.placeable()); err != nil {
		return err
	}
	soft, hard, stop := interrupts(a.log.Logger)
	defer stop()
	began := time.Now()
	dir, err := newRunDir(o.out, runID(began, []question{{scenario: sc}}))
	if err != nil {
		return fmt.Errorf("make a directory for the run: %w", err)
	}
	where := environment("none", shellLine(append([]string{"haproof"}, os.Args[1:]...)))
	if o.totals {
		where.Notes = append(where.Notes, "what attempts add up to was kept, not each of them (--totals)")
	}
	display, watch := a.watching(sc, o)
	run, err := harness.Play(hard, harness.Plan{
		ID: filepath.Base(dir), Scenario: sc, Cells: []harness.Cell{{Name: "only", Scenario: sc}}, Out: dir,
		Environment: where, TotalsOnly: o.totals,
		Start:  func(context.Context, harness.Scenario) (harness.Lab, error) { return elsewhere{to}, nil },
		Driver: driver.New, Soft: soft, Progress: display.show, Watch: watch,
	})
	display.close()
	if run != nil {
		run.Records = recorded(dir, run.Records)
	}
	if run == nil || len(run.Records) == 0 {
		removeEmpty(dir)
		return orInterrupted(soft, err)
	}
	return orInterrupted(soft, errors.Join(err, a.tellDriven(dir, run, o)))
}

// tellDriven judges what was driven and writes all that was asked for.
func (a *app) tellDriven(dir string, run *harness.Run, o driveOptions) error {
	result, err := a.verdict(run)
	if err != nil {
		return err
	}
	if o.json {
		_, err = reports.Write(dir, result)
		err = errors.Join(err, unlessGone(reports.JSON(a.stdout, result)))
	} else {
		err = a.render(dir, result)
	}
	if err != nil {
		return err
	}
	if err := pointLatest(o.out, filepath.Base(dir)); err != nil {
		a.log.Warn("out/latest is not up to date", "error", err)
	}
	rec := run.Records[0]
	err = errors.Join(
		written(o.results, func(w io.Writer) error {
			return driver.WriteResults(w, resultFormat(o.results), rec.Driven.Began, rec.Cell.Scenario.Workload.Targets, rec.Attempts)
		}),
		written(o.hgrm, func(w io.Writer) error { return distribution(w, rec) }),
		written(o.histogram, func(w io.Writer) error {
			return reports.HistogramLog(w, rec.Driven.Began, rec.Driven.Length, rec.Driven.Statistics)
		}),
	)
	if o.json {
		return err
	}
	_, printed := fmt.Fprintf(a.stdout, "\nReport: %s\n", filepath.Join(dir, "index.html"))
	return errors.Join(err, unlessGone(printed))
}

// placeable says before anything is driven which files have no directory to be in.
func (o *driveOptions) placeable() error {
	var errs []error
	for flag, name := range map[string]string{"results": o.results, "hgrm": o.hgrm, "histogram": o.histogram} {
		if name == "" {
			continue
		}
		if info, err := os.Stat(filepath.Dir(name)); err != nil || !info.IsDir() {
			errs = append(errs, fmt.Errorf("--%s %s: %s is no directory", flag, name, filepath.Dir(name)))
		} else if info, err := os.Stat(name); err == nil && info.IsDir() {
			errs = append(errs, fmt.Errorf("--%s %s: it is a directory: want the name of a file", flag, name))
		}
	}
	return errors.Join(errs...)
}

// watching returns what shows how it goes, and what is to see each attempt for that.
func (a *app) watching(sc harness.Scenario, o driveOptions) (display, func(harness.Attempt)) {
	if !o.live {
		return a.newDisplay(), nil
	}
	l := newLive(a.stderr, columns(a.stderr), a.log, driver.OfferedRate(sc.Workload))
	return l, l.watch
}

// distribution writes how response times are spread: from all of the histogram where
// the driver has one.
func distribution(w io.Writer, rec *harness.Record) error {
	if s := rec.Driven.Statistics; s != nil {
		q, err := s.Response.Plot()
		if err != nil {
			return err
		}
		return reports.HGRM(w, q)
	}
	return reports.HGRM(w, harness.Summarise(rec).Response)
}

// written makes a file, unless its name is empty.
func written(name string, write func(io.Writer) error) (err error) {
	if name == "" {
		return nil
	}
	file, err := os.Create(name)
	if err != nil {
		return err
	}
	return errors.Join(write(file), file.Close())
}

// resultFormat returns the format that a file of results has by its name.
func resultFormat(name string) string {
	for _, format := range driver.ResultFormats() {
		if filepath.Ext(name) == "."+format {
			return format
		}
	}
	return ""
}
