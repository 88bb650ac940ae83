package harness

import (
	"bufio"
	"io"
	"os"
	"strconv"
	"strings"
)

// KernelDrops is what the kernel threw away while driving because a queue of it was
// full. It is of all programs in the network namespace that haproof runs in, so nodes
// in containers are not in it.
type KernelDrops struct {
	Overflows uint64 `json:"listenOverflows"` // connections that no program took off a full listen queue
	Listen    uint64 `json:"listenDrops"`     // of connections for any reason, the overflows included
	Backlog   uint64 `json:"backlogDrops"`    // of segments, as the queue of their socket was full
}

// total is how many were thrown away.
func (d *KernelDrops) total() uint64 {
	if d == nil {
		return 0
	}
	return max(d.Overflows, d.Listen) + d.Backlog
}

// until returns what was thrown away from one reading to a later one, nil where that
// cannot be said.
func (d *KernelDrops) until(later *KernelDrops) *KernelDrops {
	if d == nil || later == nil || later.Overflows < d.Overflows || later.Listen < d.Listen || later.Backlog < d.Backlog {
		return nil
	}
	return &KernelDrops{
		Overflows: later.Overflows - d.Overflows, Listen: later.Listen - d.Listen, Backlog: later.Backlog - d.Backlog,
	}
}

// readKernelDrops returns nil where the file is missing or says something else.
func readKernelDrops(path string) *KernelDrops {
	f, err := os.Open(path)
	if err != nil {
		return nil
	}
	defer f.Close()
	return parseKernelDrops(f)
}

// parseKernelDrops reads pairs of lines: the names of a group's counters, then their
// values in the same order.
func parseKernelDrops(r io.Reader) *KernelDrops {
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		names, of := strings.CutPrefix(lines.Text(), "TcpExt: ")
		if !of || !lines.Scan() {
			continue
		}
		var d KernelDrops
		want := map[string]*uint64{"ListenOverflows": &d.Overflows, "ListenDrops": &d.Listen, "TCPBacklogDrop": &d.Backlog}
		values := strings.Fields(lines.Text())
		for i, name := range strings.Fields(names) {
			into := want[name]
			if into == nil || i+1 >= len(values) { // the first value is the group's name
				continue
			}
			n, err := strconv.ParseUint(values[i+1], 10, 64)
			if err != nil {
				return nil
			}
			*into = n
			delete(want, name)
		}
		if len(want) > 0 {
			return nil
		}
		return &d
	}
	return nil
}
