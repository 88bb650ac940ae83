package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"github.com/haproof/haproof/harness"
)

// latest is the symbolic link to the newest run.
const latest = "latest"

// leastRoom is what a small run writes, in bytes.
const leastRoom = 1 << 20

// writable makes the directory and proves that it takes the files of a run,
// before anything is started.
func writable(dir string) error {
	err := os.MkdirAll(dir, 0o755)
	if err == nil {
		var probe *os.File
		if probe, err = os.CreateTemp(dir, ".probe-*"); err == nil {
			_, err = probe.Write(make([]byte, leastRoom))
			err = errors.Join(err, probe.Sync(), probe.Close(), os.Remove(probe.Name()))
		}
	}
	if err != nil {
		return fmt.Errorf("cannot write to --out %s: %w", dir, err)
	}
	return nil
}

// recorded are the records that are on disk. Only they are judged: a verdict
// without its evidence could not be checked again.
func recorded(dir string, records []*harness.Record) []*harness.Record {
	return slices.DeleteFunc(slices.Clone(records), func(rec *harness.Record) bool {
		_, err := os.Stat(filepath.Join(dir, rec.Cell.Name, strconv.Itoa(rec.Trial), harness.RecordFile))
		return err != nil
	})
}

// removeEmpty removes a run's directory unless something is in it.
func removeEmpty(dir string) {
	for _, below := range []string{"*/*", "*", ""} {
		dirs, _ := filepath.Glob(filepath.Join(escaped(dir), below)) // the pattern is good
		for _, d := range dirs {
			_ = os.Remove(d) // refused unless it is empty
		}
	}
}

// runStamp is how the name of a run says when it began.
const runStamp = "20060102T150405Z"

// runID names a run by when it began and what it asks.
func runID(began time.Time, questions []question) string {
	what := strconv.Itoa(len(questions)) + "-scenarios"
	if len(questions) == 1 {
		what = questions[0].scenario.Name
	}
	return began.UTC().Format(runStamp) + "-" + harness.DirName(what)
}

// newRunDir makes a directory that no other run has.
func newRunDir(out, id string) (string, error) {
	dir := filepath.Join(out, id)
	for i := 2; ; i++ {
		err := os.Mkdir(dir, 0o755)
		if !errors.Is(err, os.ErrExist) || i > 1000 {
			return dir, err
		}
		dir = filepath.Join(out, id+"."+strconv.Itoa(i))
	}
}

// pointLatest makes out/latest point to a run, in one step: whoever looks sees
// the old run or the new one.
func pointLatest(out, run string) error {
	link := filepath.Join(out, fmt.Sprintf(".%s-%d", latest, os.Getpid()))
	if err := os.Symlink(run, link); err != nil {
		return err
	}
	if err := os.Rename(link, filepath.Join(out, latest)); err != nil {
		return errors.Join(err, os.Remove(link))
	}
	return nil
}
