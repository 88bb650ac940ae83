package main

import (
	"slices"
	"strings"
	"testing"

	"github.com/haproof/haproof/harness"
)

func TestVersionsAreCutToWhatCanBePlayed(t *testing.T) {
	for _, row := range []struct {
		why, engine, haproxy string
		settings             []setting
		cells                int
		note                 string
	}{
		{"docker has all", "docker", "", nil, 24, ""},
		{"one was asked for", "docker", "3.2", nil, 6, "of HAProxy 2.6, 3.0, 3.2, 3.4 only 3.2 was played: --haproxy asks for it"},
		{"one was asked for that is installed or refused later", "process", "3.2", nil, 6, "only 3.2 was played"},
		{"the scenario was changed", "docker", "", []setting{{versionAxis, "3.4"}}, 6, ""},
	} {
		q, err := load("quota-overhead", row.settings)
		if err != nil {
			t.Fatal(err)
		}
		s := &session{app: &app{}, engine: row.engine, options: runOptions{haproxy: row.haproxy}, soft: t.Context()}
		if err := s.cutVersions(&q); err != nil {
			t.Fatal(err)
		}
		notes := strings.Join(q.notes, "\n")
		if len(q.cells) != row.cells || !strings.Contains(notes, row.note) || (row.note == "") != (notes == "") {
			t.Errorf("%s: %d cells, notes %q", row.why, len(q.cells), notes)
		}
	}
}

func TestProcessEngineIsCutToTheInstalledVersion(t *testing.T) {
	needLab(t)
	q, err := load("quota-overhead", nil)
	if err != nil {
		t.Fatal(err)
	}
	s := &session{app: &app{}, engine: "process", soft: t.Context()}
	if err := s.cutVersions(&q); err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(q.scenario.Axes, func(a harness.Axis) bool { return a.Path == versionAxis })
	if len(q.cells) != 6 || len(q.notes) != 1 || len(q.scenario.Axes[i].Values) != 1 {
		t.Errorf("%d cells, axis %v, notes %q", len(q.cells), q.scenario.Axes[i].Values, q.notes)
	}
}
