package containers

import (
	"context"
	"net"
	"strconv"
	"sync"

	"github.com/haproof/haproof/harness"
)

// node is one component of the lab, planned first, then running.
type node struct {
	name      string // such as backend3
	tierName  string
	tier      harness.Tier
	component component
	site      site
	spec      nodeSpec // as it was rendered
	process   process  // nil until started; while faults are played see current
	version   string

	disturbing sync.Mutex // held by the fault that is played on it
	renames    int        // by faults
	mu         sync.Mutex // guards what follows, and process, once the lab is up
	fate       fate
	again      bool   // it was started more than once
	alias      string // its name as a peer, where that is not its own
}

// fate is what was done to a node on purpose.
type fate uint8

const (
	running fate = iota // nothing
	unborn              // it is never started
	killed
	stopped  // it is there but does nothing
	hampered // it is there but cannot do its work as it would
)

func (f fate) String() string {
	return [...]string{"running", "never started", "killed on purpose", "stopped on purpose", "hampered on purpose"}[f]
}

// current returns the node's process, nil if it was not started.
func (n *node) current() process {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.process
}

// meets returns what was done to the node on purpose.
func (n *node) meets() fate {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.fate
}

// becomes notes what was done to the node on purpose.
func (n *node) becomes(f fate) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.fate = f
}

// renamed returns the name that a fault gave to the node as a peer; empty for none.
func (n *node) renamed() string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.alias
}

// rename gives the node another name as a peer.
func (n *node) rename(alias string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.alias = alias
}

// runs gives the node a process that was just started.
func (n *node) runs(p process) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.again = n.process != nil
	n.process, n.fate = p, running
}

// usage is what the node has consumed since its start. It is not known of one that
// was started again: what it had used before its death is lost.
func (n *node) usage(ctx context.Context) harness.Usage {
	n.mu.Lock()
	p, again := n.process, n.again
	n.mu.Unlock()
	if again {
		return harness.Usage{Node: n.name, Unknown: "it was started again"}
	}
	u := p.usage(ctx)
	u.Node = n.name
	return u
}

// dead says whether the node's program has ended.
func (n *node) dead() bool {
	p := n.current()
	if p == nil {
		return true
	}
	select {
	case <-p.exited():
		return true
	default:
		return false
	}
}

// failure says how a dead node ended.
func (n *node) failure(ctx context.Context) harness.NodeFailure {
	p := n.current()
	reason := "ended by itself"
	if err := p.err(); err != nil {
		reason = err.Error()
	}
	return harness.NodeFailure{Node: n.name, Reason: reason, Log: p.logTail(ctx, failureLines)}
}

// at returns the node's address with a port.
func (n *node) at(port int) string { return net.JoinHostPort(n.site.Address, strconv.Itoa(port)) }
