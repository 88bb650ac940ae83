// Package ramdir has the tests of one program keep their files in memory, where the
// machine offers that. What such tests prove about killed programs stays the same,
// because the kernel keeps what they have written either way; but a slow disk, which a
// store asks to sync thousands of times, no longer decides how long they take.
package ramdir

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"syscall"
	"testing"
)

const (
	shared = "/dev/shm" // memory on Linux
	enough = 4 << 30    // bytes that must be free there
)

// Run runs the tests, with their temporary directories in memory if there is room for
// them, then after, and returns the exit code. Benchmarks stay on the disk, whose speed
// is a part of what they measure.
func Run(m *testing.M, after func() error) int {
	flag.Parse()
	if flag.Lookup("test.bench").Value.String() == "" && room() {
		if dir, err := makeDir(); err == nil {
			defer os.RemoveAll(dir)
		}
	}
	code := m.Run()
	if err := after(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	return code
}

// makeDir makes the directory of all temporary files.
func makeDir() (string, error) {
	dir, err := os.MkdirTemp(shared, "haproof-test-")
	if err != nil {
		return "", err
	}
	// A database may run as somebody else.
	return dir, errors.Join(os.Chmod(dir, 0o755), os.Setenv("TMPDIR", dir))
}

func room() bool {
	var fs syscall.Statfs_t
	return syscall.Statfs(shared, &fs) == nil && uint64(fs.Bavail)*uint64(fs.Bsize) >= enough
}
