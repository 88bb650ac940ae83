package reports

import (
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/haproof/haproof/harness"
)

// Format renders one result.
type Format func(w io.Writer, r *harness.Result) error

// files are the files of a run's directory and what renders them.
var files = []struct {
	name   string
	format Format
}{
	{"result.json", JSON},
	{"index.html", HTML},
	{"junit.xml", JUnit},
	{"summary.txt", Text},
	{"report.md", Markdown},
	{"bench.txt", Bench},
}

// Write renders a result in every format into a run's directory and returns
// the paths of what it wrote, also when it ends in an error. Each file appears
// whole or not at all.
func Write(dir string, r *harness.Result) ([]string, error) {
	var written []string
	for _, f := range files {
		path := filepath.Join(dir, f.name)
		if err := create(path, func(w io.Writer) error { return f.format(w, r) }); err != nil {
			return written, err
		}
		written = append(written, path)
	}
	plots, err := writePlots(filepath.Join(dir, "plots"), r)
	return append(written, plots...), err
}

// writePlots writes each chart of a result as SVG and as PNG.
func writePlots(dir string, r *harness.Result) ([]string, error) {
	var written []string
	for _, c := range charts(r) {
		for _, f := range []struct {
			ext   string
			write func(io.Writer) error
		}{{".svg", c.writeSVG}, {".png", c.writePNG}} {
			path := filepath.Join(dir, c.ID+f.ext)
			if err := create(path, f.write); err != nil {
				return written, err
			}
			written = append(written, path)
		}
	}
	return written, nil
}

// WriteSite writes one index.html that shows several results and returns its
// path.
func WriteSite(dir string, results []*harness.Result) (string, error) {
	path := filepath.Join(dir, "index.html")
	return path, create(path, func(w io.Writer) error { return Site(w, results) })
}

// create writes a file beside its place and moves it there once it is whole.
func create(path string, write func(io.Writer) error) (err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			os.Remove(f.Name())
			err = fmt.Errorf("write %s: %w", path, err)
		}
	}()
	if err := write(f); err != nil {
		f.Close()
		return err
	}
	if err := f.Chmod(0o644); err != nil {
		f.Close()
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
