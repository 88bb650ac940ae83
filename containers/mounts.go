package containers

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// removeLabFiles removes a lab's directory with the file systems that are mounted in
// it.
func removeLabFiles(dir string) error {
	if err := unmountBelow(dir); err != nil {
		return err
	}
	return os.RemoveAll(dir)
}

// unmountBelow takes all file systems off a directory, the last one first. One that is
// still in use goes when it is not any more.
func unmountBelow(dir string) error {
	table, err := os.ReadFile("/proc/self/mountinfo")
	if errors.Is(err, os.ErrNotExist) {
		return nil // no Linux, no mounts of ours
	}
	if err != nil {
		return err
	}
	if dir, err = realPath(dir); err != nil {
		return err
	}
	var errs []error
	for _, place := range slices.Backward(mountsBelow(string(table), dir)) {
		if err := syscall.Unmount(place, syscall.MNT_DETACH); err != nil {
			errs = append(errs, fmt.Errorf("unmount %s: %w", place, err))
		}
	}
	return errors.Join(errs...)
}

// realPath is how the kernel names a directory: absolute, without symbolic links. One
// that is not there has no other name.
func realPath(dir string) (string, error) {
	path, err := filepath.EvalSymlinks(dir)
	if errors.Is(err, os.ErrNotExist) {
		return dir, nil
	}
	if err != nil {
		return "", err
	}
	return filepath.Abs(path)
}

// mountsBelow reads /proc/self/mountinfo: "36 35 98:0 / /mnt/store rw … - tmpfs tmpfs rw",
// where the fifth word is the place, with blanks written as \040 (proc(5)).
func mountsBelow(table, dir string) []string {
	var places []string
	for line := range strings.Lines(table) {
		words := strings.Fields(line)
		if len(words) < 5 {
			continue
		}
		place := strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`).Replace(words[4])
		if strings.HasPrefix(place, dir+"/") {
			places = append(places, place)
		}
	}
	return places
}
