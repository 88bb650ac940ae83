package containers

import (
	"context"
	"io"
	"syscall"
	"time"

	"github.com/haproof/haproof/harness"
)

// engine runs nodes. There are two, docker and process; both pass the same
// conformance suite.
type engine interface {
	// reserve gives every node its address before any node is rendered, so that
	// configurations can name addresses of nodes that do not run yet.
	reserve(ctx context.Context, labID string, nodes []string) (map[string]site, error)
	// host is an address on the lab's network on which this process can listen. No
	// node has it.
	host() string
	// start writes the node's files into its directory and starts its program.
	// It returns when the program runs, not when it is ready.
	start(ctx context.Context, spec nodeSpec) (process, error)
	// release gives back what reserve took (networks, directories).
	release(ctx context.Context) error
}

// site is where a node lives.
type site struct {
	Address string // IP address, reachable from this process
	HostDir string // its directory as this process sees it
	NodeDir string // the same directory as the node's program sees it
}

// nodeSpec is a node rendered for an engine.
type nodeSpec struct {
	Name    string            // unique in the lab, such as proxy1
	Tier    string            // proxy, backend, tracker …
	Kind    string            // component kind
	Image   string            // docker only, such as haproof/haproxy:3.0
	Site    site              // from reserve
	Files   map[string]file   // path relative to the node's directory -> content
	Command []string          // program and arguments; programs are found on PATH
	Mounts  map[string]string // docker only: host file -> path in the container, read only
	Ports   []int             // that the program will listen on at Site.Address
	CPUs    float64           // limit in cores from the start on, 0 for none
	Stop    time.Duration     // patience between the polite and the hard stop
}

// file is one file of a node.
type file struct {
	Content []byte
	Mode    uint32 // permission bits; 0 means 0644
}

// process is a started node.
type process interface {
	// exited is closed when the program has ended; err then says how.
	exited() <-chan struct{}
	err() error
	// limited says whether a CPU limit is in force.
	limited() bool
	// limit holds a running node to so many cores, where the machine can.
	limit(ctx context.Context, cpus float64) error
	// usage reads what the node has consumed since its start.
	usage(ctx context.Context) harness.Usage
	// logTail returns the last lines that the program wrote to stdout and stderr.
	logTail(ctx context.Context, lines int) []string
	// open reads one file of the node's directory.
	open(ctx context.Context, path string) (io.ReadCloser, error)
	// stop ends the program: politely, after the spec's patience by force. It
	// clears away what is left of one that has ended.
	stop(ctx context.Context) error

	// kill ends all that the node runs at once, and waits for its end.
	kill(ctx context.Context) error
	// signal sends a signal to the program.
	signal(ctx context.Context, s syscall.Signal) error
	// pause holds all that the node runs until resume lets it go on.
	pause(ctx context.Context) error
	resume(ctx context.Context) error
}
