package containers

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
)

// processEngine runs the nodes of one lab as child processes, each on its own
// loopback address. It needs no privileges.
type processEngine struct {
	opts Options
	dir  *labDir
	net  *loopbackNet
}

var _ engine = (*processEngine)(nil)

func newProcessEngine(opts Options) *processEngine { return &processEngine{opts: opts} }

func (e *processEngine) reserve(_ context.Context, labID string, nodes []string) (map[string]site, error) {
	var err error
	if e.net, err = reserveNet(); err != nil {
		return nil, err
	}
	if e.dir, err = newLabDir(e.opts.workDir(), labID, e.net.prefix); err != nil {
		return nil, err
	}
	sites := map[string]site{}
	for i, name := range nodes {
		dir := filepath.Join(e.dir.path, name)
		if err := os.Mkdir(dir, 0o700); err != nil {
			return nil, fmt.Errorf("directory of %s: %w", name, err)
		}
		sites[name] = site{Address: e.net.address(i + 1), HostDir: dir, NodeDir: dir}
	}
	return sites, nil
}

// hostNumber is beyond those of nodes, see MaxNodes, and before the one that claims the
// net.
const hostNumber = 253

func (e *processEngine) host() string { return e.net.address(hostNumber) }

func (e *processEngine) start(_ context.Context, spec nodeSpec) (process, error) {
	if err := writeFiles(spec.Site.HostDir, spec.Files); err != nil {
		return nil, err
	}
	if err := portsFree(spec.Site.Address, spec.Ports); err != nil {
		return nil, err
	}
	program, err := lookPath(spec.Command[0], e.opts.searchPath())
	if err != nil {
		return nil, &EnvironmentError{What: spec.Command[0] + " is not installed", Err: err}
	}
	command := append([]string{program}, spec.Command[1:]...)
	group, noGroup := newCgroup(e.opts.cgroupRoot(), e.dir.id, spec.Name, spec.CPUs)
	if group != nil {
		command = group.enter(command)
	}
	p, err := e.launch(spec, command)
	if err != nil {
		return nil, errors.Join(err, group.remove())
	}
	p.group, p.noGroup = group, noGroup
	return p, nil
}

// launch starts the program in a process group of its own. It runs in the
// node's directory, by which the janitor finds whatever comes of it.
func (e *processEngine) launch(spec nodeSpec, command []string) (*localProcess, error) {
	output, err := os.OpenFile(filepath.Join(spec.Site.HostDir, outputLog), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	defer func() { _ = output.Close() }() // the child has its own
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Dir = spec.Site.HostDir
	cmd.Stdout, cmd.Stderr = output, output
	cmd.Env = []string{"PATH=" + e.opts.searchPath(), "LANG=C", "HOME=" + cmd.Dir, nodeVariable + "=" + cmd.Dir}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", spec.Command[0], err)
	}
	p := &localProcess{spec: spec, cmd: cmd, done: make(chan struct{})}
	go p.reap()
	return p, nil
}

func (e *processEngine) release(ctx context.Context) error {
	var errs []error
	if e.dir != nil {
		errs = append(errs, e.dir.clear(ctx, e.opts.cgroupRoot()))
	}
	if e.net != nil {
		errs = append(errs, e.net.Close())
	}
	return errors.Join(errs...)
}

// portsFree checks that the node will get its ports.
func portsFree(address string, ports []int) error {
	for _, port := range ports {
		at := net.JoinHostPort(address, fmt.Sprint(port))
		listener, err := net.Listen("tcp", at)
		if errors.Is(err, syscall.EADDRINUSE) {
			return &EnvironmentError{What: at + " is in use", Mend: "stop " + whoListens(address, port)}
		}
		if err != nil {
			return &EnvironmentError{What: "cannot listen on " + at, Err: err}
		}
		if err := listener.Close(); err != nil {
			return err
		}
	}
	return nil
}
