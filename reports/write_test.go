package reports

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestWriteNamesExactlyTheFilesThatItWrote(t *testing.T) {
	dir := t.TempDir()
	written, err := Write(dir, quotaPass())
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	err = filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			found = append(found, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"result.json", "index.html", "junit.xml", "summary.txt", "report.md", "bench.txt", "plots/customers.svg", "plots/customers.png"} {
		if !slices.Contains(written, filepath.Join(dir, name)) {
			t.Errorf("there is no %s", name)
		}
	}
	slices.Sort(written)
	if diff := cmp.Diff(found, written); diff != "" {
		t.Errorf("files (-found +named):\n%s", diff)
	}
	r, err := Load(filepath.Join(dir, "result.json"))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(quotaPass(), r); diff != "" {
		t.Errorf("result.json holds another result:\n%s", diff)
	}
}

func TestInterruptedWriteLeavesTheOldFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "result.json")
	if err := os.WriteFile(path, []byte("old"), 0o644); err != nil {
		t.Fatal(err)
	}
	broken := errors.New("broken")
	err := create(path, func(w io.Writer) error {
		io.WriteString(w, "half of the n")
		return broken
	})
	if !errors.Is(err, broken) {
		t.Errorf("got error %v, want %v", err, broken)
	}
	if b, _ := os.ReadFile(path); string(b) != "old" {
		t.Errorf("the file now holds %q", b)
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(path), ".*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestPlotsAreTheSameByteForByte(t *testing.T) {
	for _, draw := range []func() []byte{
		func() []byte { return pngOf(t) },
		func() []byte { return []byte(charts(quotaFail())[0].svg(true)) },
	} {
		if a, b := draw(), draw(); !bytes.Equal(a, b) {
			t.Error("two plots of the same result differ")
		}
	}
}

func pngOf(t *testing.T) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := charts(sweep())[0].writePNG(&out); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}
