package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"github.com/haproof/haproof/harness"
	"github.com/haproof/haproof/harness/check"
	"github.com/haproof/haproof/harness/matrix"
	"github.com/haproof/haproof/reports"
)

// stands says whether all trials of a cell are on disk.
func stands(c matrixCell) bool {
	for trial := 1; trial <= max(1, c.cell.Scenario.Trials); trial++ {
		rec, err := harness.ReadRecord(c.run.record(c.cell, trial))
		if err != nil || !matrix.Stands(rec, c.cell) {
			return false
		}
	}
	return true
}

// record is where a run has the record of a trial.
func (r *matrixRun) record(cell harness.Cell, trial int) string {
	return filepath.Join(r.dir, cell.Name, strconv.Itoa(trial))
}

// finish judges a run by its records, writes its reports and enters its rows.
func (m *matrixSession) finish(r *matrixRun) error {
	run := &harness.Run{ID: filepath.Base(r.dir), Scenario: r.scenario}
	for _, cell := range r.cells {
		for trial := 1; trial <= max(1, cell.Scenario.Trials); trial++ {
			rec, err := harness.ReadRecord(r.record(cell, trial))
			if err != nil {
				return err
			}
			rec.Cell = cell // with its checks as they are now
			run.Records = append(run.Records, rec)
		}
	}
	run.Began, run.Ended = spanOf(run.Records)
	checks, err := check.All(run.Scenario.Checks)
	if err != nil {
		return err
	}
	result := harness.Judge(run, checks)
	if _, err := reports.Write(r.dir, result); err != nil {
		return err
	}
	m.results = append(m.results, result)
	m.table.Rows = append(m.table.Rows, r.Rows(result)...)
	return m.write()
}

// write keeps the table as it is, so that it is there whatever happens.
func (m *matrixSession) write() error {
	m.table.Sort()
	return matrix.Write(filepath.Join(m.dir, matrix.File), m.table)
}

// conclude prints the table and writes it, with an index of all runs.
func (m *matrixSession) conclude() error {
	errs := append(m.errs, m.write())
	m.ending.statuses = append(m.ending.statuses, m.table.Statuses()...)
	summary, err := os.Create(filepath.Join(m.dir, "summary.txt"))
	if err == nil {
		err = errors.Join(m.table.Text(summary), summary.Close())
	}
	errs = append(errs, err, unlessGone(m.table.Text(m.stdout)), site(m.dir, m.results))
	_, err = fmt.Fprintf(m.stdout, "\nReport: %s\nTo go on with it: haproof matrix --resume %s\n", filepath.Join(m.dir, "index.html"), m.dir)
	return errors.Join(append(errs, unlessGone(err))...)
}
