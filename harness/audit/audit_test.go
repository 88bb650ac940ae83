package audit

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite golden files")

// with is what a file is examined with, by its comment "# with: version=3.2.1".
type with struct {
	seeded []string // what it must be found to have, by its comment "# seeded:"
	env    Environment
	table  string
}

func withOf(t *testing.T, path string) with {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	w := with{env: Environment{Hostname: "machine"}}
	for row := range strings.Lines(string(text)) {
		if rest, found := strings.CutPrefix(row, "# seeded:"); found {
			w.seeded = strings.Fields(rest)
		}
		rest, _ := strings.CutPrefix(row, "# with: ")
		name, value, _ := strings.Cut(strings.TrimSpace(rest), "=")
		switch name {
		case "version":
			if w.env.Version, err = ParseVersion(value); err != nil {
				t.Fatal(err)
			}
		case "localpeer":
			w.env.LocalPeer = value
		case "table":
			w.table = value
		}
	}
	return w
}

// examined returns what is found in files.
func examined(t *testing.T, w with, paths ...string) []Finding {
	t.Helper()
	c, err := Read(paths, w.env)
	if err != nil {
		t.Fatal(err)
	}
	if !c.Bill(w.table) {
		t.Fatalf("no table %s", w.table)
	}
	return c.Examine()
}

func idsOf(found []Finding) []string {
	ids := []string{}
	for _, f := range found {
		ids = append(ids, f.ID)
	}
	return slices.Sorted(slices.Values(ids))
}

// Each file is a good one with one mistake, or with something that looks like one.
func TestSeededMistakesAreFoundAndNothingElse(t *testing.T) {
	files, err := filepath.Glob("testdata/*.cfg")
	if err != nil || len(files) < 60 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, path := range files {
		t.Run(filepath.Base(path), func(t *testing.T) {
			w := withOf(t, path)
			found := examined(t, w, path)
			if diff := cmp.Diff(slices.Sorted(slices.Values(w.seeded)), idsOf(found), cmp.Transformer("empty", func(s []string) []string { return append([]string{}, s...) })); diff != "" {
				t.Errorf("findings (-seeded +found):\n%s", diff)
			}
			compareGolden(t, strings.TrimSuffix(path, ".cfg")+".golden", rendered(found))
		})
	}
}

func rendered(found []Finding) string {
	var text strings.Builder
	for _, f := range found {
		fmt.Fprintf(&text, "%s:%d: %s: %s [%s]\n", f.File, f.Line, f.Severity, f.What, f.ID)
	}
	return text.String()
}

func compareGolden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", path, diff)
	}
}

// A trap that no file springs is not known to work. Those of HAProxy itself
// have a test of their own.
func TestEveryTrapIsSprung(t *testing.T) {
	files, err := filepath.Glob("testdata/*.cfg")
	if err != nil {
		t.Fatal(err)
	}
	unsprung := maps.Clone(traps)
	delete(unsprung, "haproxy-alert")
	delete(unsprung, "haproxy-warning")
	for _, path := range files {
		for _, id := range withOf(t, path).seeded {
			delete(unsprung, id)
		}
	}
	for id := range unsprung {
		t.Errorf("no file in testdata springs %s", id)
	}
}

func TestDocumentedConfigurationsHaveNoTraps(t *testing.T) {
	files, err := filepath.Glob("../../docs/tracker/haproxy*.cfg")
	if err != nil || len(files) < 2 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, path := range files {
		if found := examined(t, with{}, path); len(found) > 0 {
			t.Errorf("%s:\n%s", path, rendered(found))
		}
	}
}
