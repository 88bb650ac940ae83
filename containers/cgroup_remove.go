package containers

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// hierarchies are where a lab's groups can be below the root: version 1 has one
// per controller, version 2 one for all.
var hierarchies = []string{"cpu", "cpuacct", "."}

// remove removes the group, whose processes have ended.
func (g *cgroup) remove() error {
	if g == nil {
		return nil
	}
	var errs []error
	for _, dir := range g.dirs() {
		errs = append(errs, removeGroup(dir))
	}
	return errors.Join(errs...)
}

// emptyWithin bounds how long a group may stay busy. A process that was killed needs CPU
// time to end, and in a group with a limit, or on a busy machine, has to wait for it.
const emptyWithin = 10 * time.Second

// removeGroup removes an empty group; one that is not there is fine. A process
// that just ended can keep it busy for a moment.
func removeGroup(dir string) error {
	deadline := time.Now().Add(emptyWithin)
	for {
		err := syscall.Rmdir(dir)
		if err == nil || errors.Is(err, os.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) || errors.Is(err, syscall.EROFS) {
			return nil
		}
		if !errors.Is(err, syscall.EBUSY) || time.Now().After(deadline) {
			return fmt.Errorf("remove control group %s: %w", dir, err)
		}
		<-time.After(pollEvery)
	}
}

// removeLabCgroups removes all groups of a lab.
func removeLabCgroups(root, lab string) error {
	if lab == "" {
		return nil
	}
	var errs []error
	for _, hierarchy := range hierarchies {
		dir := filepath.Join(root, hierarchy, cgroupFolder, lab)
		entries, err := os.ReadDir(dir)
		if err != nil {
			continue
		}
		for _, entry := range entries {
			if entry.IsDir() {
				errs = append(errs, removeGroup(filepath.Join(dir, entry.Name())))
			}
		}
		errs = append(errs, removeGroup(dir))
	}
	return errors.Join(errs...)
}

// removeDeadCgroups removes the groups of labs without any process, whose files
// may be gone or elsewhere. A young lab may have none yet.
func removeDeadCgroups(root string) {
	for _, hierarchy := range hierarchies {
		labs, _ := filepath.Glob(filepath.Join(root, hierarchy, cgroupFolder, "*"))
		for _, lab := range labs {
			info, err := os.Stat(lab)
			if err == nil && info.IsDir() && time.Since(info.ModTime()) > time.Minute && noProcess(lab) {
				_ = removeLabCgroups(root, filepath.Base(lab)) // the kernel keeps what is in use after all
			}
		}
	}
}

// noProcess says whether all groups of a lab are empty.
func noProcess(lab string) bool {
	members, err := filepath.Glob(filepath.Join(lab, "*", "cgroup.procs"))
	for _, path := range members {
		pids, readErr := os.ReadFile(path)
		if readErr != nil || len(pids) > 0 {
			return false
		}
	}
	return err == nil
}
