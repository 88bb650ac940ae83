package containers

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"time"

	"github.com/moby/moby/api/types/system"
	"github.com/moby/moby/client"
	"github.com/testcontainers/testcontainers-go"
	"github.com/testcontainers/testcontainers-go/log"
)

// docker is this process's connection to the daemon.
type docker struct {
	api      client.APIClient
	provider *testcontainers.DockerProvider // works through api
	info     system.Info                    // as it was when first connected
}

// daemonWithin bounds one question to a daemon that should answer at once.
const daemonWithin = 15 * time.Second

var connected struct {
	sync.Mutex
	docker map[string]*docker // by the daemon's address
}

// dockerAnswers returns nil if a daemon that can run labs answers, else an
// *EnvironmentError that tells a missing daemon from a missing permission.
func dockerAnswers(ctx context.Context) error {
	_, err := connectDocker(ctx)
	return err
}

// connectDocker asks the daemon whether it is there, each time.
func connectDocker(ctx context.Context) (*docker, error) {
	ctx, cancel := context.WithTimeout(ctx, daemonWithin)
	defer cancel()
	host := dockerHost()
	if err := dialDaemon(ctx, host); err != nil {
		return nil, dockerTrouble(host, err)
	}
	connected.Lock()
	defer connected.Unlock()
	if d := connected.docker[host]; d != nil {
		return d, nil
	}
	d, err := newDocker(ctx, host)
	if err != nil {
		return nil, err
	}
	if connected.docker == nil {
		connected.docker = map[string]*docker{}
	}
	connected.docker[host] = d
	return d, nil
}

// dockerHost is the daemon's address: the environment's, else the usual socket,
// else that of a daemon of this user alone.
func dockerHost() string {
	if host := os.Getenv(client.EnvOverrideHost); host != "" {
		return host
	}
	own := filepath.Join(os.Getenv("XDG_RUNTIME_DIR"), "docker.sock")
	usual, err := url.Parse(client.DefaultDockerHost)
	if err == nil && !exists(usual.Path) && filepath.IsAbs(own) && exists(own) {
		return "unix://" + own
	}
	return client.DefaultDockerHost
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

var errRemote = errors.New("it is not on this machine")

// dialDaemon connects once, which tells a permission from an absence better
// than any client. Bind mounts and bridge addresses need a local daemon.
func dialDaemon(ctx context.Context, host string) error {
	socket, err := url.Parse(host)
	if err != nil {
		return err
	}
	if socket.Scheme != "unix" {
		return errRemote
	}
	conn, err := new(net.Dialer).DialContext(ctx, "unix", socket.Path)
	if err != nil {
		return err
	}
	return conn.Close()
}

// dockerTrouble says what keeps us from the daemon and what mends it.
func dockerTrouble(host string, err error) *EnvironmentError {
	trouble := &EnvironmentError{What: "the Docker daemon at " + host + " does not answer", Err: err, Mend: "look at: docker info"}
	switch {
	case errors.Is(err, fs.ErrPermission):
		trouble.What = "no permission to use the Docker daemon at " + host
		trouble.Mend = "add yourself to group docker (sudo usermod -aG docker $USER, then log in again), or use sudo"
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ECONNREFUSED):
		trouble.What = "no Docker daemon runs at " + host
		trouble.Mend = "start it (sudo systemctl start docker), or use the process engine"
	case errors.Is(err, errRemote):
		trouble.What = "the Docker daemon at " + host + " cannot run labs"
		trouble.Mend = "use a daemon with a local socket, or the process engine"
	}
	return trouble
}

// newDocker sets up testcontainers for a local daemon and makes it use our own
// client, so that there is one.
func newDocker(ctx context.Context, host string) (*docker, error) {
	api, err := client.New(client.FromEnv, client.WithHost(host))
	if err != nil {
		return nil, dockerTrouble(host, err)
	}
	info, err := api.Info(ctx, client.InfoOptions{})
	if err == nil {
		err = fit(info.Info)
	}
	if err == nil {
		err = prepareTestcontainers(host)
	}
	if err != nil {
		return nil, errors.Join(dockerTrouble(host, err), api.Close())
	}
	provider, err := testcontainers.NewDockerProvider(testcontainers.WithDefaultBridgeNetwork(testcontainers.Bridge))
	if err != nil {
		return nil, errors.Join(dockerTrouble(host, err), api.Close())
	}
	provider.SetClient(api)
	return &docker{api: api, provider: provider, info: info.Info}, nil
}

// fit refuses daemons whose containers this process cannot reach by address.
func fit(info system.Info) error {
	if info.OSType != "linux" || info.OperatingSystem == "Docker Desktop" {
		return fmt.Errorf("its containers run in a virtual machine (%s), where this process cannot reach them", info.OperatingSystem)
	}
	return nil
}

// prepareTestcontainers must run before testcontainers reads its settings, which
// it does once. Its reaper is off, since its image need not be obtainable: our
// own janitor takes its place. Without the host override, testcontainers takes
// a machine with /.dockerenv for a container, and probes the default gateway,
// an address that is not ours. It logs to stderr; a library does not.
func prepareTestcontainers(host string) error {
	log.SetDefault(log.NewNoopLogger())
	return errors.Join(
		os.Setenv("TESTCONTAINERS_RYUK_DISABLED", "true"),
		os.Setenv("TESTCONTAINERS_HOST_OVERRIDE", "127.0.0.1"),
		os.Setenv(client.EnvOverrideHost, host),
	)
}

// rootless daemons map root in a container to the user who runs them.
func (d *docker) rootless() bool { return slices.Contains(d.info.SecurityOptions, "name=rootless") }

// user is who programs in containers run as: whoever this process is, so that
// it can remove what they wrote.
func (d *docker) user() string {
	if d.rootless() {
		return "0:0"
	}
	return fmt.Sprintf("%d:%d", os.Getuid(), os.Getgid())
}
