package containers

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/containerd/errdefs"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"

	"github.com/haproof/haproof/harness"
)

// dockerProcess is a node that runs in a container.
type dockerProcess struct {
	docker *docker
	id     string
	spec   nodeSpec

	abandon context.CancelFunc // ends the watch
	done    chan struct{}
	ended   error // valid once done is closed
	finding sync.Once
	group   *cgroup     // the container's, nil if it cannot be seen from here
	held    atomic.Bool // to a limit since it runs
}

var _ process = (*dockerProcess)(nil)

// watch waits for the container's end in a goroutine, which ends by stop or by
// the engine's release at the latest.
func watch(d *docker, id string, spec nodeSpec) *dockerProcess {
	ctx, cancel := context.WithCancel(context.Background())
	p := &dockerProcess{docker: d, id: id, spec: spec, abandon: cancel, done: make(chan struct{})}
	go func() {
		defer close(p.done)
		p.ended = p.wait(ctx)
	}()
	return p
}

// wait returns how the program ended, in the words that os/exec has for it.
func (p *dockerProcess) wait(ctx context.Context) error {
	end := p.docker.api.ContainerWait(ctx, p.id, client.ContainerWaitOptions{Condition: container.WaitConditionNotRunning})
	select {
	case err := <-end.Error:
		return fmt.Errorf("lost sight of the container: %w", err)
	case result := <-end.Result:
		return exitError(result.StatusCode)
	}
}

// exitError reads a status as a shell gives it: 128 and a signal's number if
// the program was ended by one.
func exitError(status int64) error {
	switch {
	case status == 0:
		return nil
	case status > 128 && status <= 128+64:
		return fmt.Errorf("signal: %v", syscall.Signal(status-128))
	default:
		return fmt.Errorf("exit status %d", status)
	}
}

func (p *dockerProcess) exited() <-chan struct{} { return p.done }

func (p *dockerProcess) err() error {
	select {
	case <-p.done:
		return p.ended
	default:
		return nil
	}
}

// limited trusts the daemon: it drops limits that its kernel cannot keep.
func (p *dockerProcess) limited() bool {
	return (p.spec.CPUs > 0 || p.held.Load()) && p.docker.info.CPUCfsQuota
}

func (p *dockerProcess) limit(ctx context.Context, cpus float64) error {
	if !p.docker.info.CPUCfsQuota {
		return nil
	}
	limit, err := cpuLimit(cpus)
	if err != nil {
		return err
	}
	resources := &container.Resources{CPUPeriod: limit.period, CPUQuota: limit.quota}
	if _, err := p.docker.api.ContainerUpdate(ctx, p.id, client.ContainerUpdateOptions{Resources: resources}); err != nil {
		return fmt.Errorf("limit CPU time: %w", err)
	}
	p.held.Store(true)
	return nil
}

// usage takes one sample. An ended container has none.
func (p *dockerProcess) usage(ctx context.Context) harness.Usage {
	u, err := p.sample(ctx)
	u.Node = p.spec.Name
	if err != nil {
		u.Unknown = err.Error()
	}
	return u
}

// sample reads the container's control group, or asks the daemon where this
// process cannot see the group.
func (p *dockerProcess) sample(ctx context.Context) (harness.Usage, error) {
	p.finding.Do(func() {
		if g, err := p.docker.containerCgroup(ctx, p.id, Options{}.cgroupRoot()); err == nil {
			p.group = g
		}
	})
	if p.group != nil {
		return p.group.usage()
	}
	return p.ask(ctx)
}

func (p *dockerProcess) ask(ctx context.Context) (harness.Usage, error) {
	answer, err := p.docker.api.ContainerStats(ctx, p.id, client.ContainerStatsOptions{})
	if err != nil {
		return harness.Usage{}, err
	}
	defer func() { _ = answer.Body.Close() }()
	var stats container.StatsResponse
	if err := json.NewDecoder(answer.Body).Decode(&stats); err != nil {
		return harness.Usage{}, fmt.Errorf("container statistics: %w", err)
	}
	cpu := stats.CPUStats
	if cpu.CPUUsage.TotalUsage == 0 {
		return harness.Usage{}, errors.New("the container has ended")
	}
	return harness.Usage{
		CPU:       time.Duration(cpu.CPUUsage.TotalUsage),
		Throttled: cpu.ThrottlingData.ThrottledPeriods,
		Periods:   cpu.ThrottlingData.Periods,
	}, nil
}

func (p *dockerProcess) logTail(_ context.Context, lines int) []string {
	return tail(filepath.Join(p.spec.Site.HostDir, outputLog), lines)
}

func (p *dockerProcess) open(_ context.Context, path string) (io.ReadCloser, error) {
	return os.OpenInRoot(p.spec.Site.HostDir, path) // a node's symlinks lead nowhere else
}

// stop asks the program to end and removes the container, after the patience
// by force. Docker's own stop knows whole seconds only. Its files stay.
func (p *dockerProcess) stop(ctx context.Context) error {
	defer p.abandon()
	if _, err := p.docker.api.ContainerKill(ctx, p.id, client.ContainerKillOptions{Signal: "SIGTERM"}); err == nil {
		patience := time.NewTimer(p.spec.Stop)
		defer patience.Stop()
		select {
		case <-p.done:
		case <-patience.C:
		case <-ctx.Done():
		}
	}
	if err := p.docker.discard(p.id); err != nil {
		return err
	}
	select {
	case <-p.done:
	case <-time.After(discardWithin): // the daemon owes us the end of a container that is gone
		p.abandon()
		<-p.done
	}
	return nil
}

// discardWithin bounds the removal of one container.
const discardWithin = time.Minute

// discard kills and removes a container, also when the caller's time is over:
// what was started has to be ended. One that is gone already is fine.
func (d *docker) discard(id string) error {
	ctx, cancel := context.WithTimeout(context.Background(), discardWithin)
	defer cancel()
	_, err := d.api.ContainerRemove(ctx, id, client.ContainerRemoveOptions{Force: true, RemoveVolumes: true})
	if err == nil || errdefs.IsNotFound(err) || errdefs.IsConflict(err) { // conflict: somebody removes it just now
		return nil
	}
	return fmt.Errorf("remove container: %w", err)
}
