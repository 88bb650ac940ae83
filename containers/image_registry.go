package containers

import (
	"context"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/moby/moby/client"
	"github.com/testcontainers/testcontainers-go"
)

// registryWithin bounds how long the daemon may look for a registry.
const registryWithin = 5 * time.Second

// registry remembers whether the daemon reaches one; it is asked once.
type registry struct {
	once    sync.Once
	answers bool
}

// gives says whether the base image is to be had: here already, or from a
// registry.
func (r *registry) gives(ctx context.Context, d *docker, base string) bool {
	if _, err := d.api.ImageInspect(ctx, base); err == nil {
		return true
	}
	r.once.Do(func() {
		ctx, cancel := context.WithTimeout(ctx, registryWithin)
		defer cancel()
		_, err := d.api.DistributionInspect(ctx, base, client.DistributionInspectOptions{})
		r.answers = err == nil
	})
	return r.answers
}

// fromBase installs packages into the public base image.
func (b *builder) fromBase(ctx context.Context, r recipe) error {
	archive, err := tarOf("Dockerfile", r.dockerfile())
	if err != nil {
		return err
	}
	repository, tag, _ := strings.Cut(r.name, ":")
	output := &lastLines{keep: 20}
	_, err = b.docker.provider.BuildImage(ctx, &testcontainers.ContainerRequest{
		FromDockerfile: testcontainers.FromDockerfile{
			ContextArchive: archive, Repo: repository, Tag: tag, BuildArgs: proxyArgs(), BuildLogWriter: output,
			BuildOptionsModifier: func(o *client.ImageBuildOptions) {
				o.Labels = r.labels()
				o.NetworkMode = "host" // the lab's own networks lead nowhere, and some machines have no other
				o.Remove, o.ForceRemove = true, true
			},
		},
	})
	if err != nil {
		return fmt.Errorf("%w\n%s", err, output)
	}
	return nil
}

// proxyArgs hands this process's proxies to the build, as the docker command does.
func proxyArgs() map[string]*string {
	args := map[string]*string{}
	for _, name := range []string{"http_proxy", "https_proxy", "no_proxy"} {
		for _, name := range []string{name, strings.ToUpper(name)} {
			if value, ok := os.LookupEnv(name); ok {
				args[name] = &value
			}
		}
	}
	return args
}
