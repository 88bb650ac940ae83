package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/haproof/haproof/containers"
	"github.com/haproof/haproof/harness"
	"github.com/haproof/haproof/harness/driver"
	"github.com/haproof/haproof/reports"
)

// session is one invocation of run.
type session struct {
	*app
	options    runOptions
	soft, hard context.Context // ended by the first and the second interrupt
	questions  []question
	began      time.Time

	engine  string // chosen
	dir     string // of the run, or of all runs
	results []*harness.Result
}

// prepare chooses the engine and makes sure that it can do what is asked.
func (s *session) prepare() error {
	chosen, why, err := containers.Choose(s.soft, s.options.engine)
	if err != nil {
		return err
	}
	s.log.Info("engine chosen", "engine", chosen, "because", why)
	s.engine = chosen
	for i := range s.questions {
		if err := s.cutVersions(&s.questions[i]); err != nil {
			return err
		}
	}
	if err := s.fits(); err != nil {
		return err
	}
	if err := s.ensureImages(); err != nil {
		return err
	}
	id := runID(s.began, s.questions)
	if s.dir, err = newRunDir(s.options.out, id); err != nil {
		return fmt.Errorf("make a directory for the run: %w", err)
	}
	return nil
}

// fits asks of every cell whether this machine can run it, and says each reason
// once.
func (s *session) fits() error {
	said := map[string]bool{}
	var errs []error
	for _, q := range s.questions {
		for _, cell := range q.cells {
			err := containers.Fit(s.soft, cell.Scenario, s.labOptions())
			if err == nil || said[err.Error()] {
				continue
			}
			said[err.Error()] = true
			errs = append(errs, fmt.Errorf("%s: %w", q.scenario.Name, err))
		}
	}
	return errors.Join(errs...)
}

// ensureImages builds what the docker engine lacks before any lab waits for it.
func (s *session) ensureImages() error {
	if s.engine != "docker" {
		return nil
	}
	var names []string
	for _, q := range s.questions {
		for _, cell := range q.cells {
			needed, err := containers.Images(cell.Scenario, s.labOptions())
			if err != nil {
				return err
			}
			names = append(names, needed...)
		}
	}
	return containers.EnsureImages(s.soft, names, containers.ImageOptions{Progress: func(line string) { s.log.Info(line) }})
}

func (s *session) labOptions() containers.Options {
	return containers.Options{Engine: s.engine, HAProxy: s.options.haproxy, Log: s.log.Logger}
}

// playAll plays one scenario after another. One that cannot be run does not keep
// the others from it; an interrupt does.
func (s *session) playAll() error {
	var errs []error
	for _, q := range s.questions {
		if s.soft.Err() != nil {
			break
		}
		if err := s.playOne(q); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", q.scenario.Name, err))
		}
	}
	errs = append(errs, s.conclude())
	return orInterrupted(s.soft, errors.Join(errs...))
}

func (s *session) playOne(q question) error {
	dir := s.dir
	if len(s.questions) > 1 {
		var err error
		if dir, err = newRunDir(s.dir, runID(s.began, []question{q})); err != nil {
			return err
		}
	}
	display := s.newDisplay()
	run, err := s.playInto(dir, q, display.show)
	display.close()
	if run == nil || len(run.Records) == 0 {
		removeEmpty(dir) // nothing was seen
		return err
	}
	return errors.Join(err, s.finish(dir, run))
}

// playInto plays the cells of a question into the directory of a run. The run comes
// back, with the records that are on disk, beside the error too.
func (s *session) playInto(dir string, q question, show func(harness.Progress)) (*harness.Run, error) {
	where := environment(s.engine, s.options.commandLine(s.engine, q.arg))
	where.Notes = append(where.Notes, q.notes...)
	run, err := harness.Play(s.hard, harness.Plan{
		ID: filepath.Base(dir), Scenario: q.scenario, Cells: q.cells, Out: dir,
		Environment: where,
		Start:       s.startLab,
		Driver:      driver.New,
		Soft:        s.soft,
		Progress:    show,
	})
	if run != nil {
		run.Records = recorded(dir, run.Records)
	}
	return run, err
}

// startLab starts a lab that the second interrupt takes down under whatever is
// still in flight: a driver alone would wait for it. Closing a lab twice is one
// closing.
func (s *session) startLab(ctx context.Context, sc harness.Scenario) (harness.Lab, error) {
	lab, err := containers.Start(ctx, sc, s.labOptions())
	if err != nil {
		return nil, err
	}
	context.AfterFunc(s.hard, func() {
		if !errors.Is(context.Cause(s.hard), harness.ErrInterrupted) {
			return // the command is over
		}
		if err := lab.Close(); err != nil {
			s.log.Warn("taking the lab down", "error", err)
		}
	})
	return lab, nil
}

// finish judges a run, writes its reports and prints the verdict.
func (s *session) finish(dir string, run *harness.Run) error {
	result, err := s.judge(dir, run)
	if err != nil {
		return err
	}
	s.results = append(s.results, result)
	return nil
}

// conclude writes the index of several runs, and points to what was written.
func (s *session) conclude() error {
	if len(s.results) == 0 {
		_ = os.Remove(s.dir) // likewise, where it was to hold several runs
		return nil
	}
	if err := pointLatest(s.options.out, filepath.Base(s.dir)); err != nil {
		s.log.Warn("out/latest is not up to date", "error", err)
	}
	page := filepath.Join(s.dir, "index.html")
	if len(s.questions) > 1 {
		var err error
		if page, err = reports.WriteSite(s.dir, s.results); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintf(s.stdout, "\nReport: %s\n", page)
	return unlessGone(err)
}
