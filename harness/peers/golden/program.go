package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"time"
)

// program is an HAProxy that can be run: the installed one, or one in a container on
// the network of this machine.
type program struct {
	path  string
	image string // empty for none
}

func (p program) String() string {
	if p.image != "" {
		return p.image
	}
	return p.path
}

// flags are those that name the program on the command line.
func (p program) flags() string {
	if p.image != "" {
		return " -image " + p.image
	}
	return ""
}

// command runs HAProxy. In a container it sees dir where we see it, if there is one.
func (p program) command(ctx context.Context, dir string, args ...string) *exec.Cmd {
	if p.image == "" {
		return exec.CommandContext(ctx, p.path, args...)
	}
	run := []string{"run", "--rm", "--network", "host", "--name", p.container()}
	if dir != "" {
		run = append(run, "--volume", dir+":"+dir)
	}
	run = append(run, p.image, "haproxy")
	return exec.CommandContext(ctx, "docker", append(run, args...)...)
}

// container is the name of the only one that runs at a time.
func (p program) container() string { return fmt.Sprintf("haproof-golden-%d", os.Getpid()) }

// process is HAProxy, its master in fact.
type process struct {
	program program
	cmd     *exec.Cmd
	mu      sync.Mutex
	log     bytes.Buffer
}

// Write keeps what HAProxy says.
func (p *process) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.log.Write(b)
}

func (p *process) said() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.log.String()
}

func (p *process) start(dir string, args ...string) error {
	cmd := p.program.command(context.Background(), dir, args...)
	cmd.Stdout, cmd.Stderr = p, p
	if err := cmd.Start(); err != nil {
		return err
	}
	p.cmd = cmd
	return nil
}

// signal reaches HAProxy, not the program that runs its container.
func (p *process) signal(s syscall.Signal) error {
	if p.program.image == "" {
		return p.cmd.Process.Signal(s)
	}
	text, err := exec.Command("docker", "kill", "--signal", fmt.Sprint(int(s)), p.program.container()).CombinedOutput()
	if err != nil {
		return fmt.Errorf("docker kill: %w: %s", err, text)
	}
	return nil
}

// stop ends it, by force if it takes its time.
func (p *process) stop() error {
	if p.cmd == nil {
		return nil
	}
	err := p.signal(syscall.SIGTERM)
	force := time.AfterFunc(5*time.Second, func() {
		_ = p.signal(syscall.SIGKILL)
		_ = p.cmd.Process.Kill()
	})
	waited := p.cmd.Wait()
	force.Stop()
	var exit *exec.ExitError
	if waited != nil && !errors.As(waited, &exit) { // 143: it was told to end
		err = errors.Join(err, waited)
	}
	return err
}
