package realtest

import (
	"fmt"
	"syscall"
	"testing"
)

// SmallDisk mounts a file system with room for so many megabytes at a directory, until
// the test ends. Only root can: others miss the test.
func SmallDisk(t testing.TB, dir string, megabytes int) {
	t.Helper()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, fmt.Sprintf("size=%dm", megabytes)); err != nil {
		Missing(t, fmt.Errorf("mount a small disk: %w", err))
	}
	t.Cleanup(func() { _ = syscall.Unmount(dir, syscall.MNT_DETACH) })
}
