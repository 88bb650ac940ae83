package containers

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"syscall"
)

// installed asks for whatever HAProxy this machine has.
const installed = "installed"

// Options say where and with what a lab runs. The zero value runs it on the
// engine that Choose prefers, with that engine's default HAProxy.
type Options struct {
	Engine        string       // auto, docker or process; empty means auto
	HAProxy       string       // 2.6, 3.0, 3.2, 3.4 or installed; empty means the engine's default
	TrackerBinary string       // quota tracker to run; empty means the one beside this program, then PATH
	Log           *slog.Logger // nil discards
	WorkDir       string       // where labs keep their files; empty means haproof-<uid> in the temporary directory

	path    string // search path for programs instead of the environment's, for tests
	cgroups string // root of the cgroup file systems instead of /sys/fs/cgroup, for tests
}

func (o Options) log() *slog.Logger {
	if o.Log == nil {
		return slog.New(slog.DiscardHandler)
	}
	return o.Log
}

func (o Options) workDir() string {
	return orElse(o.WorkDir, filepath.Join(os.TempDir(), fmt.Sprintf("haproof-%d", os.Getuid())))
}

func (o Options) searchPath() string {
	return orElse(o.path, os.Getenv("PATH")+string(filepath.ListSeparator)+daemonDirs)
}

func (o Options) cgroupRoot() string { return orElse(o.cgroups, "/sys/fs/cgroup") }

// descriptorLimit is how many descriptors a node may open: the hard limit of
// this process, which its children inherit and may raise their own to.
func descriptorLimit() uint64 {
	const most = 100_000 // more is of no use to a node, and containers may have less
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return 1024
	}
	return min(limit.Max, most)
}
