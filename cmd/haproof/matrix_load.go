package main

import (
	"path/filepath"
	"slices"

	"github.com/haproof/haproof/containers"
	"github.com/haproof/haproof/harness"
	"github.com/haproof/haproof/harness/matrix"
)

// load loads every scenario for every version, and sorts out what cannot be played.
func (m *matrixSession) load() error {
	plan := m.table.Plan
	m.table.Rows = nil
	for _, version := range plan.Versions {
		o := runOptions{engine: plan.Engine, haproxy: version, seed: plan.Seed}
		settings, err := o.settings()
		if err != nil {
			return err
		}
		questions, err := loadAll(plan.Faults, settings)
		if err != nil {
			return err
		}
		s := &session{app: m.app, options: o, soft: m.soft, hard: m.hard, engine: plan.Engine}
		for _, q := range questions {
			m.add(s, q)
		}
		if err := s.ensureImages(); err != nil {
			return err
		}
	}
	return nil
}

// add makes a run of a question, or rows that say why it cannot be played here.
func (m *matrixSession) add(s *session, q question) {
	name, version := q.scenario.Name, s.options.haproxy
	r := &matrixRun{question: q, session: s, dir: filepath.Join(m.dir, version+"-"+name), left: len(q.cells)}
	r.Run = matrix.Run{Version: version, Fingerprint: q.fingerprint, Command: r.command}
	why := map[string]bool{}
	for _, cell := range q.cells {
		if err := containers.Fit(m.soft, cell.Scenario, s.labOptions()); err != nil {
			why[cell.Name] = true
			m.table.Rows = append(m.table.Rows, r.Row(cell, q.scenario, s.engine).NotPlayed(err.Error()))
		}
	}
	r.cells = slices.DeleteFunc(slices.Clone(q.cells), func(c harness.Cell) bool { return why[c.Name] })
	if r.left = len(r.cells); r.left > 0 {
		s.questions = append(s.questions, r.question)
		m.runs = append(m.runs, r)
	}
}

// command plays one cell again.
func (r *matrixRun) command(cell harness.Cell) string {
	o := r.options
	for _, s := range cell.Settings {
		o.sets = append(o.sets, s.Path+"="+s.Value)
	}
	return o.commandLine(r.engine, r.arg)
}
