package containers

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
)

// Labels of all that a lab owns on the daemon.
const (
	labLabel   = "haproof.lab"
	nodeLabel  = "haproof.node"
	dirLabel   = "haproof.dir"   // directory of the lab on the host
	ownerLabel = "haproof.owner" // pid:start time of the process whose lab it is
	placeLabel = "haproof.place" // where that pid means something
)

// nodeDir is a node's directory inside its container.
const nodeDir = "/node"

// dockerEngine runs each node in a container with an address of its own on a
// bridge network of the lab. Nothing is published on the host.
type dockerEngine struct {
	docker *docker
	opts   Options

	lab     string
	network labNetwork
	dir     *labDir

	mu      sync.Mutex
	starts  map[string]int // per node
	running []*dockerProcess
}

var _ engine = (*dockerEngine)(nil)

// newDockerEngine returns an *EnvironmentError where no daemon can run labs.
func newDockerEngine(ctx context.Context, opts Options) (engine, error) {
	docker, err := connectDocker(ctx)
	if err != nil {
		return nil, err
	}
	return &dockerEngine{docker: docker, opts: opts, starts: map[string]int{}}, nil
}

// reserve makes the lab's directories and network. What it has made when it
// fails is left to release.
func (e *dockerEngine) reserve(ctx context.Context, labID string, nodes []string) (map[string]site, error) {
	e.lab = labID
	var err error
	if e.dir, err = newLabDir(e.opts.workDir(), labID, ""); err != nil {
		return nil, err
	}
	if err := e.dir.belongToDocker(); err != nil {
		return nil, err
	}
	if e.network, err = e.docker.createNetwork(ctx, "haproof-"+labID, e.labels()); err != nil {
		return nil, err
	}
	sites := map[string]site{}
	address := e.network.gateway
	for _, node := range nodes {
		address = address.Next()
		if !e.network.subnet.Contains(address.Next()) { // the last one is the broadcast address
			return nil, fmt.Errorf("%d nodes do not fit into network %s", len(nodes), e.network.subnet)
		}
		dir := filepath.Join(e.dir.path, node)
		if err := os.Mkdir(dir, 0o700); err != nil {
			return nil, fmt.Errorf("directory of %s: %w", node, err)
		}
		sites[node] = site{Address: address.String(), HostDir: dir, NodeDir: nodeDir}
	}
	return sites, nil
}

// host is the bridge's own address.
func (e *dockerEngine) host() string { return e.network.gateway.String() }

// labels mark what belongs to the lab and to this process.
func (e *dockerEngine) labels() map[string]string {
	return map[string]string{
		labLabel: e.lab, dirLabel: e.dir.path, ownerLabel: ourselves().label(), placeLabel: place(),
	}
}

// release removes the lab's containers, network and directories. What is gone
// already is fine.
func (e *dockerEngine) release(ctx context.Context) error {
	if e.dir == nil {
		return nil
	}
	_, err := e.docker.remove(ctx, labLabel+"="+e.lab, func(map[string]string) bool { return true })
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, p := range e.running {
		p.abandon()
	}
	e.running = nil
	return errors.Join(err, removeLabFiles(e.dir.path))
}

// containerName is the node's, with a number when it is started again.
func (e *dockerEngine) containerName(node string) string {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.starts[node]++
	name := fmt.Sprintf("haproof-%s-%s", e.lab, node)
	if n := e.starts[node]; n > 1 {
		name += fmt.Sprintf("-%d", n)
	}
	return name
}
