package containers

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/mount"
	"github.com/moby/moby/api/types/network"
	"github.com/testcontainers/testcontainers-go"
)

// redirected runs a program with its output in regular files of the node's
// directory: unlike a daemon that collects it, a file drops nothing.
var redirected = []string{"/bin/sh", "-c", `exec "$@" >>` + outputLog + ` 2>&1`, "sh"}

// start makes and starts the node's container.
func (e *dockerEngine) start(ctx context.Context, spec nodeSpec) (process, error) {
	recipe, err := recipeFor(spec.Image)
	if err != nil {
		return nil, err
	}
	// Asked here because testcontainers would go and look for it in a registry.
	if _, err := e.docker.api.ImageInspect(ctx, recipe.name); err != nil {
		return nil, &EnvironmentError{What: "image " + recipe.name + " is not there", Err: err, Mend: "build it: haproof images --build"}
	}
	if err := writeFiles(spec.Site.HostDir, spec.Files); err != nil {
		return nil, err
	}
	request, err := e.request(spec, recipe.name)
	if err != nil {
		return nil, err
	}
	made, err := e.docker.provider.CreateContainer(ctx, request)
	if err != nil {
		return nil, fmt.Errorf("create container: %w", err)
	}
	if err := made.Start(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("start container: %w", err), e.docker.discard(made.GetContainerID()))
	}
	p := watch(e.docker, made.GetContainerID(), spec)
	e.mu.Lock()
	e.running = append(e.running, p)
	e.mu.Unlock()
	return p, nil
}

// request describes the node's container to testcontainers.
func (e *dockerEngine) request(spec nodeSpec, image string) (testcontainers.ContainerRequest, error) {
	address, err := netip.ParseAddr(spec.Site.Address)
	if err != nil {
		return testcontainers.ContainerRequest{}, fmt.Errorf("address of %s: %w", spec.Name, err)
	}
	limit, err := cpuLimit(spec.CPUs)
	if err != nil {
		return testcontainers.ContainerRequest{}, fmt.Errorf("%s: %w", spec.Name, err)
	}
	labels := e.labels()
	labels[nodeLabel] = spec.Name
	return testcontainers.ContainerRequest{
		Image: image, Name: e.containerName(spec.Name), Labels: labels,
		Entrypoint: slices.Concat(redirected, spec.Command),
		ConfigModifier: func(c *container.Config) {
			c.Hostname, c.WorkingDir, c.User = spec.Name, nodeDir, e.docker.user()
		},
		HostConfigModifier: func(h *container.HostConfig) {
			h.NetworkMode = container.NetworkMode(e.network.name)
			h.Mounts = mounts(spec)
			h.CPUPeriod, h.CPUQuota = limit.period, limit.quota
			files := int64(descriptorLimit())
			h.Ulimits = []*container.Ulimit{{Name: "nofile", Soft: files, Hard: files}}
			h.LogConfig = container.LogConfig{Type: "none"} // its output is in files
			if !e.docker.rootless() {
				h.UsernsMode = "host" // else the user in the container is not the one outside
			}
		},
		// Given here instead of by name, which would cost a look-up each time.
		EndpointSettingsModifier: func(endpoints map[string]*network.EndpointSettings) {
			endpoints[e.network.name] = &network.EndpointSettings{
				NetworkID: e.network.id, IPAMConfig: &network.EndpointIPAMConfig{IPv4Address: address},
			}
		},
	}, nil
}

// mounts gives the container its directory, and the spec's files read only.
func mounts(spec nodeSpec) []mount.Mount {
	all := []mount.Mount{{Type: mount.TypeBind, Source: spec.Site.HostDir, Target: nodeDir}}
	for file, path := range spec.Mounts {
		all = append(all, mount.Mount{Type: mount.TypeBind, Source: file, Target: path, ReadOnly: true})
	}
	return all
}

// cpuQuota is a limit of the kernel's scheduler, in microseconds.
type cpuQuota struct{ period, quota int64 }

// cpuLimit spreads the limit evenly: a node is stopped for parts of 10 ms, not
// of the usual 100 ms, which would show in every latency. The kernel wants both
// numbers to be at least 1 ms and a period of at most 1 s
// (kernel/sched/core.c: tg_set_cfs_bandwidth).
func cpuLimit(cpus float64) (cpuQuota, error) {
	const shortest, usual, longest = 1000, 10_000, 1_000_000
	if cpus == 0 {
		return cpuQuota{}, nil
	}
	limit := cpuQuota{period: usual, quota: int64(cpus * usual)}
	if limit.quota < shortest {
		limit = cpuQuota{period: int64(shortest / cpus), quota: shortest}
	}
	if cpus < 0 || limit.period > longest {
		return cpuQuota{}, &EnvironmentError{What: fmt.Sprintf("a limit of %g CPUs", cpus), Mend: "limits start at 0.001 CPUs"}
	}
	return limit, nil
}
