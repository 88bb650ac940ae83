package realtest

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"syscall"
	"testing"
)

const (
	memory = "/dev/shm" // on Linux
	enough = 4 << 30    // bytes that must be free there
)

// Run runs the tests, ends the PostgreSQL server that they may have started, and returns
// the exit code. The tests' temporary directories are in memory if there is room for
// them: what a test proves about a killed program stays the same, because the kernel
// keeps what the program has written either way, but a slow disk, which a store asks to
// sync thousands of times, no longer decides how long it takes. Benchmarks stay on the
// disk, whose speed is a part of what they measure.
func Run(m *testing.M) int {
	flag.Parse()
	if flag.Lookup("test.bench").Value.String() == "" && room() {
		if dir, err := makeDir(); err == nil {
			defer os.RemoveAll(dir)
		}
	}
	code := m.Run()
	if err := stopPostgres(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	return code
}

func room() bool {
	var fs syscall.Statfs_t
	return syscall.Statfs(memory, &fs) == nil && uint64(fs.Bavail)*uint64(fs.Bsize) >= enough
}

// makeDir makes the directory of all temporary files.
func makeDir() (string, error) {
	dir, err := os.MkdirTemp(memory, "haproof-")
	if err != nil {
		return "", err
	}
	// A database may run as somebody else.
	return dir, errors.Join(os.Chmod(dir, 0o755), os.Setenv("TMPDIR", dir))
}
