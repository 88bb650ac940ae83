package containers

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/haproof/haproof/harness"
)

// outputLog takes what a node's program writes to stdout and stderr.
const outputLog = "output.log"

// localProcess is a node that runs as a child process.
type localProcess struct {
	spec    nodeSpec
	cmd     *exec.Cmd
	group   *cgroup     // nil where cgroups cannot be used
	noGroup error       // why
	held    atomic.Bool // to a limit since it runs
	done    chan struct{}
	ended   error // valid once done is closed
}

var _ process = (*localProcess)(nil)

// reap waits for the program, once.
func (p *localProcess) reap() {
	p.ended = p.cmd.Wait()
	close(p.done)
}

func (p *localProcess) exited() <-chan struct{} { return p.done }

func (p *localProcess) err() error {
	select {
	case <-p.done:
		return p.ended
	default:
		return nil
	}
}

func (p *localProcess) limited() bool { return p.group != nil && (p.group.limited || p.held.Load()) }

func (p *localProcess) limit(_ context.Context, cpus float64) error {
	if p.group == nil {
		return nil
	}
	if err := p.group.limit(cpus); err != nil {
		return fmt.Errorf("limit CPU time: %w", err)
	}
	p.held.Store(true)
	return nil
}

// usage reads the cgroup. Without one it adds up the processes that live, and
// Unknown says what is not known.
func (p *localProcess) usage(context.Context) harness.Usage {
	if p.group == nil {
		return harness.Usage{
			Node: p.spec.Name, CPU: cpuOf(processesIn(p.spec.Site.HostDir)),
			Unknown: "throttling and ended processes: " + p.noGroup.Error(),
		}
	}
	u, err := p.group.usage()
	u.Node = p.spec.Name
	if err != nil {
		u.Unknown = err.Error()
	}
	return u
}

func (p *localProcess) logTail(_ context.Context, lines int) []string {
	return tail(filepath.Join(p.spec.Site.HostDir, outputLog), lines)
}

// tail returns the last lines of a file, of its last 64 KiB at most.
func tail(path string, lines int) []string {
	f, err := os.Open(path)
	if err != nil {
		return nil
	}
	defer func() { _ = f.Close() }()
	const most = 64 << 10
	if info, err := f.Stat(); err == nil && info.Size() > most {
		_, _ = f.Seek(-most, io.SeekEnd)
	}
	text, _ := io.ReadAll(f)
	all := strings.Split(strings.TrimRight(string(text), "\n"), "\n")
	if len(text) == 0 {
		return nil
	}
	return all[max(0, len(all)-lines):]
}

func (p *localProcess) open(_ context.Context, path string) (io.ReadCloser, error) {
	if !filepath.IsLocal(path) {
		return nil, fmt.Errorf("file %q of %s leaves its directory", path, p.spec.Name)
	}
	return os.Open(filepath.Join(p.spec.Site.HostDir, path))
}

// stop asks the program to end, and after the patience ends its group. Whatever
// outlives its leader is found by its directory and ended too.
func (p *localProcess) stop(ctx context.Context) error {
	patience := time.NewTimer(p.spec.Stop)
	defer patience.Stop()
	_ = p.cmd.Process.Signal(syscall.SIGTERM) // fails only if it has ended
	select {
	case <-p.done:
	case <-patience.C:
		p.killGroup()
	case <-ctx.Done():
		p.killGroup()
	}
	<-p.done
	err := endProcesses(ctx, p.spec.Site.HostDir)
	return errors.Join(err, p.group.remove())
}

// killGroup ends the whole group. The leader is not reaped yet, so the group's
// number cannot be anybody else's.
func (p *localProcess) killGroup() {
	select {
	case <-p.done:
	default:
		_ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL)
	}
}
