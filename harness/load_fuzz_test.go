package harness

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// FuzzLoad wants no panic, problems that are in the file, and cells that stay
// within the limits.
func FuzzLoad(f *testing.F) {
	files, _ := filepath.Glob("testdata/load/*.yaml")
	for _, file := range files {
		src, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(src, "workload.rate", "5/s")
	}
	f.Add([]byte(whole), "topology.backend.count", "2")
	f.Add([]byte(swept), "axes.workload.route", "[proxy]")
	f.Add([]byte("a: &a [*a]\nb: *a\n"), "a", "{b: [")
	f.Add([]byte("---"), "0", "0") // the empty value is said to stand in line 2
	f.Fuzz(func(t *testing.T, src []byte, path, value string) {
		doc, err := Load("fuzz.yaml", src, testVocabulary)
		if err != nil {
			sound(t, src, err)
			return
		}
		if err := doc.Set(path, value); err != nil {
			sound(t, src, err)
		}
		cells, err := doc.Cells()
		if err != nil {
			sound(t, src, err)
			return
		}
		if len(cells) == 0 || len(cells) > MaxCells {
			t.Fatalf("got %d cells, want 1 to %d", len(cells), MaxCells)
		}
	})
}

func sound(t *testing.T, src []byte, err error) {
	var problems *LoadError
	if !errors.As(err, &problems) || len(problems.Problems) == 0 {
		t.Fatalf("got %v, want a LoadError with problems", err)
	}
	lines := len(lineBreak.FindAll(src, -1)) + 1
	for _, p := range problems.Problems {
		if p.Text == "" || p.Line < 0 || p.Line > lines {
			t.Fatalf("got problem %+v, want one with a text and in the file", p)
		}
	}
}
