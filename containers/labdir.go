package containers

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// labDir is the directory of one lab: work directory/labs/<id>, one directory
// per node in it, and lab.json, by which the janitor knows whose it is.
type labDir struct {
	id   string
	path string
}

// labFile is lab.json.
type labFile struct {
	ID     string `json:"id"`
	Engine string `json:"engine"`
	Owner  owner  `json:"owner"`
	Net    string `json:"net,omitempty"`
}

// owner is the process that a lab belongs to.
type owner struct {
	PID   int    `json:"pid"`
	Start string `json:"start"` // see startTime
}

func ourselves() owner { return owner{PID: os.Getpid(), Start: startTime(os.Getpid())} }

func (o owner) alive() bool { return o.Start != "" && startTime(o.PID) == o.Start }

// longestDir keeps the path of a node's Unix socket below the kernel's 108 bytes.
const longestDir = 70

// newLabDir makes the directory with its lab.json at once, so that no janitor
// sees one without the other.
func newLabDir(workDir, id, net string) (*labDir, error) {
	labs := filepath.Join(workDir, "labs")
	path := filepath.Join(labs, id)
	if len(path) > longestDir {
		return nil, &EnvironmentError{
			What: fmt.Sprintf("directory %s is too long for the Unix sockets in it, by %d bytes", path, len(path)-longestDir),
			Mend: "set TMPDIR to a shorter one",
		}
	}
	if err := os.MkdirAll(labs, 0o700); err != nil {
		return nil, &EnvironmentError{What: "no place for the lab's files", Err: err, Mend: "set TMPDIR"}
	}
	if err := ownDir(workDir); err != nil {
		return nil, err
	}
	draft, err := os.MkdirTemp(labs, draftPrefix)
	if err != nil {
		return nil, &EnvironmentError{What: "no place for the lab's files", Err: err, Mend: "set TMPDIR"}
	}
	text, err := json.Marshal(labFile{ID: id, Engine: engineLocal, Owner: ourselves(), Net: net})
	if err == nil {
		err = os.WriteFile(filepath.Join(draft, "lab.json"), text, 0o600)
	}
	if err == nil {
		err = os.Rename(draft, path)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("directory of the lab: %w", err), os.RemoveAll(draft))
	}
	return &labDir{id: id, path: path}, nil
}

// ownDir refuses a directory that somebody else made under our name, who could
// then say what our nodes run.
func ownDir(path string) error {
	info, err := os.Lstat(path)
	if err != nil {
		return err
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if info.IsDir() && ok && int(stat.Uid) == os.Getuid() {
		return nil
	}
	return &EnvironmentError{What: path + " is not a directory of our own", Mend: "set TMPDIR, or remove it"}
}

// draftPrefix begins the name of a directory that is no lab yet.
const draftPrefix = ".new-"

// clear ends whatever still works in the lab and removes its control groups and
// its files.
func (d *labDir) clear(ctx context.Context, cgroupRoot string) error {
	if err := endProcesses(ctx, d.path); err != nil {
		return err
	}
	return errors.Join(removeLabCgroups(cgroupRoot, d.id), removeLabFiles(d.path))
}

// cleanProcesses clears away the process engine's labs whose owner is dead, and
// names them.
func cleanProcesses(ctx context.Context, opts Options) ([]string, error) {
	removeDeadCgroups(opts.cgroupRoot())
	labs := filepath.Join(opts.workDir(), "labs")
	entries, err := os.ReadDir(labs)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var cleaned []string
	var errs []error
	for _, entry := range entries {
		d := &labDir{id: entry.Name(), path: filepath.Join(labs, entry.Name())}
		if !entry.IsDir() || !d.abandoned() {
			continue
		}
		if err := d.clear(ctx, opts.cgroupRoot()); err != nil {
			errs = append(errs, fmt.Errorf("lab %s: %w", d.id, err))
			continue
		}
		cleaned = append(cleaned, "process lab "+d.id)
	}
	return cleaned, errors.Join(errs...)
}

// abandoned says whether the lab's owner is dead. A draft says nothing of its
// owner yet and is abandoned when it is old; directories that are neither are
// another engine's.
func (d *labDir) abandoned() bool {
	if strings.HasPrefix(d.id, draftPrefix) {
		info, err := os.Stat(d.path)
		return err == nil && time.Since(info.ModTime()) > time.Minute
	}
	text, err := os.ReadFile(filepath.Join(d.path, "lab.json"))
	var f labFile
	return err == nil && json.Unmarshal(text, &f) == nil && f.Engine == engineLocal && !f.Owner.alive()
}
