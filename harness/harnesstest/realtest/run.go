package realtest

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

const (
	memory = "/dev/shm" // on Linux
	enough = 4 << 30    // bytes that must be free there
	prefix = "haproof-"
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

// makeDir makes the directory of all temporary files, which bears the number of this
// process, and clears away those of processes that were killed.
func makeDir() (string, error) {
	left, _ := filepath.Glob(filepath.Join(memory, prefix+"*"))
	for _, dir := range left {
		number, _, _ := strings.Cut(strings.TrimPrefix(filepath.Base(dir), prefix), "-")
		if pid, err := strconv.Atoi(number); err == nil && errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
			_ = os.RemoveAll(dir)
		}
	}
	dir, err := os.MkdirTemp(memory, fmt.Sprintf("%s%d-", prefix, os.Getpid()))
	if err != nil {
		return "", err
	}
	// A database may run as somebody else.
	return dir, errors.Join(os.Chmod(dir, 0o755), os.Setenv("TMPDIR", dir))
}
