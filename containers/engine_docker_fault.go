package containers

import (
	"context"
	"fmt"
	"strconv"
	"syscall"

	"github.com/moby/moby/client"
)

// kill ends all of the node at once: with the first program of a container goes
// every other.
func (p *dockerProcess) kill(ctx context.Context) error {
	if err := p.signal(ctx, syscall.SIGKILL); err != nil {
		return err
	}
	select {
	case <-p.done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// signal sends a signal to the node's first program.
func (p *dockerProcess) signal(ctx context.Context, s syscall.Signal) error {
	_, err := p.docker.api.ContainerKill(ctx, p.id, client.ContainerKillOptions{Signal: strconv.Itoa(int(s))})
	if err != nil {
		return fmt.Errorf("signal %v: %w", s, err)
	}
	return nil
}

// pause stops every process of the node until resume.
func (p *dockerProcess) pause(ctx context.Context) error {
	if _, err := p.docker.api.ContainerPause(ctx, p.id, client.ContainerPauseOptions{}); err != nil {
		return fmt.Errorf("pause container: %w", err)
	}
	return nil
}

// resume lets every process of the node go on.
func (p *dockerProcess) resume(ctx context.Context) error {
	if _, err := p.docker.api.ContainerUnpause(ctx, p.id, client.ContainerUnpauseOptions{}); err != nil {
		return fmt.Errorf("let container go on: %w", err)
	}
	return nil
}
