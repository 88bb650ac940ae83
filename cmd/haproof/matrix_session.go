package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/haproof/haproof/harness"
	"github.com/haproof/haproof/harness/matrix"
)

// matrixSession is one invocation of matrix.
type matrixSession struct {
	*app
	soft, hard context.Context // ended by the first and the second interrupt
	parallel   int
	dir        string
	table      matrix.Table
	runs       []*matrixRun

	cells int

	mu         sync.Mutex // of what follows, and of the table
	results    []*harness.Result
	finished   int // of the cells
	unplayable []matrixCell
	errs       []error
}

// matrixRun is one fault on one version: a run as run makes it, of which cells are
// played by several workers.
type matrixRun struct {
	question
	*session
	matrix.Run
	dir  string
	left int // cells that are not finished
}

// matrixCell is what a worker plays at a time.
type matrixCell struct {
	run  *matrixRun
	cell harness.Cell
	err  error // why it could not be played
}

// play plays what is not finished, the longest first, so that no worker is left with
// a long one at the end.
func (m *matrixSession) play() error {
	var cells []matrixCell
	for _, r := range m.runs {
		for _, cell := range r.cells {
			cells = append(cells, matrixCell{run: r, cell: cell})
		}
	}
	slices.SortStableFunc(cells, func(a, b matrixCell) int {
		return cmp.Compare(b.cell.Scenario.Workload.Length(), a.cell.Scenario.Workload.Length())
	})
	m.cells = len(cells)
	m.playThese(cells)
	again := m.unplayable
	m.unplayable = nil
	m.playThese(again) // whose lab did not come up, perhaps as the machine was busy
	m.giveUp()
	return m.conclude()
}

// giveUp makes rows that say why of what could not be played, and judges what else
// there is of their runs. An interrupt leaves them to be played another time.
func (m *matrixSession) giveUp() {
	for _, c := range m.unplayable {
		m.errs = append(m.errs, c.err)
		if m.soft.Err() != nil {
			continue
		}
		r := c.run
		m.table.Rows = append(m.table.Rows, r.Row(c.cell, r.scenario, r.engine).NotPlayed(c.err.Error()))
		r.cells = slices.DeleteFunc(r.cells, func(other harness.Cell) bool { return other.Name == c.cell.Name })
		if r.left--; r.left == 0 && len(r.cells) > 0 {
			m.errs = append(m.errs, m.finish(r))
		}
	}
}

// playThese plays cells, several at a time.
func (m *matrixSession) playThese(cells []matrixCell) {
	work := make(chan matrixCell)
	var workers sync.WaitGroup
	for range min(m.parallel, len(cells)) {
		workers.Go(func() {
			for c := range work {
				m.playCell(c)
			}
		})
	}
	for _, c := range cells {
		if m.soft.Err() != nil {
			break
		}
		work <- c
	}
	close(work)
	workers.Wait()
}

// playCell plays a cell, unless it was played before, and judges the run when it was
// its last.
func (m *matrixSession) playCell(c matrixCell) {
	began := time.Now()
	how := "kept"
	if c.err = nil; !stands(c) {
		one := c.run.question
		one.cells = []harness.Cell{c.cell}
		_, c.err = c.run.playInto(c.run.dir, one, nil)
		how = "played in " + time.Since(began).Round(100*time.Millisecond).String()
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	name := fmt.Sprintf("%s %s %s", c.run.Version, c.run.scenario.Name, c.cell.Name)
	if c.err != nil {
		c.err = fmt.Errorf("%s: %w", name, c.err)
		m.unplayable = append(m.unplayable, c)
		fmt.Fprintf(m.stderr, "not played: %v\n", c.err)
		return
	}
	m.finished++
	fmt.Fprintf(m.stderr, "%d of %d  %s: %s\n", m.finished, m.cells, name, how)
	if c.run.left--; c.run.left == 0 {
		m.errs = append(m.errs, m.finish(c.run))
	}
}
