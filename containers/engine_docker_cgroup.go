package containers

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/moby/moby/client"
)

// containerCgroup finds the control group in which the daemon runs a container.
// Reading it takes microseconds; the daemon's own statistics take a second for
// each sample (Docker 20.10 gathers them at that interval, "one shot" or not).
func (d *docker) containerCgroup(ctx context.Context, id, root string) (*cgroup, error) {
	seen, err := d.api.ContainerInspect(ctx, id, client.ContainerInspectOptions{})
	if err != nil {
		return nil, err
	}
	if seen.Container.State == nil || seen.Container.State.Pid == 0 {
		return nil, fmt.Errorf("the container has ended")
	}
	memberships, err := os.ReadFile(fmt.Sprintf("/proc/%d/cgroup", seen.Container.State.Pid))
	if err != nil {
		return nil, err
	}
	g := memberOf(root, string(memberships))
	if _, err := g.usage(); err != nil {
		return nil, err // hidden by a namespace of our own, or mounted elsewhere
	}
	return g, nil
}

// memberOf reads /proc/<pid>/cgroup: lines of "number:controllers:path", where
// version 2 has no controllers (cgroups(7)).
func memberOf(root, memberships string) *cgroup {
	g := &cgroup{}
	for line := range strings.Lines(memberships) {
		fields := strings.SplitN(strings.TrimSpace(line), ":", 3)
		if len(fields) != 3 {
			continue
		}
		controllers := strings.Split(fields[1], ",")
		if slices.Contains(controllers, "cpu") {
			g.cpu = filepath.Join(root, "cpu", fields[2])
		}
		if slices.Contains(controllers, "cpuacct") {
			g.account = filepath.Join(root, "cpuacct", fields[2])
		}
		if fields[1] == "" && g.cpu == "" {
			g.cpu = filepath.Join(root, fields[2])
		}
	}
	return g
}
