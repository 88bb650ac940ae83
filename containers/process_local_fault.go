package containers

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
)

// kill ends all of the node at once.
func (p *localProcess) kill(ctx context.Context) error {
	p.killGroup()
	<-p.done
	return endProcesses(ctx, p.spec.Site.HostDir)
}

// signal sends a signal to the node's first program.
func (p *localProcess) signal(_ context.Context, s syscall.Signal) error {
	return p.cmd.Process.Signal(s)
}

// pause stops every process of the node until resume.
func (p *localProcess) pause(context.Context) error { return p.each(syscall.SIGSTOP) }

// resume lets every process of the node go on.
func (p *localProcess) resume(context.Context) error { return p.each(syscall.SIGCONT) }

// each signals all processes of the node. It looks again until there is none that
// it has not seen: one may have been starting another.
func (p *localProcess) each(s syscall.Signal) error {
	seen := map[int]bool{}
	for fresh := true; fresh; {
		fresh = false
		for _, pid := range processesIn(p.spec.Site.HostDir) {
			if seen[pid] {
				continue
			}
			seen[pid], fresh = true, true
			if err := syscall.Kill(pid, s); err != nil && !errors.Is(err, os.ErrProcessDone) && !errors.Is(err, syscall.ESRCH) {
				return fmt.Errorf("%v to process %d: %w", s, pid, err)
			}
		}
	}
	if len(seen) == 0 {
		return errors.New("no process of it lives")
	}
	return nil
}
