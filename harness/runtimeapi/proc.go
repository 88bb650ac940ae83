package runtimeapi

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Processes are the worker processes of a master.
type Processes struct {
	Reloads int   // of the master since it was started
	Workers []int // that serve
	Old     []int // that were told to stop and have not ended
}

// ShowProc returns "show proc". The client's address must be that of a master's
// command line (haproxy -S), which knows no severities and hangs up only when told to.
func (c *Client) ShowProc(ctx context.Context) (Processes, error) {
	reply, err := c.exchange(ctx, "show proc;quit")
	if err != nil {
		return Processes{}, fmt.Errorf("master command line %s: show proc: %w", c.addr, err)
	}
	return parseProc(reply)
}

// parseProc reads the line of the master, such as "11513 master 1 [failed: 0]
// 0d00h00m02s 2.6.12", and lines such as "11515 worker 1 0d00h00m02s 2.6.12" below the
// headings "# workers" and "# old workers".
func parseProc(reply string) (Processes, error) {
	if !strings.HasPrefix(reply, "#<PID>") {
		return Processes{}, errors.New("show proc: no header in the reply")
	}
	var p Processes
	var into *[]int
	for line := range strings.Lines(reply) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "#") {
			into = map[string]*[]int{"# workers": &p.Workers, "# old workers": &p.Old}[line]
			continue
		}
		fields := strings.Fields(line)
		if len(fields) > 2 && fields[1] == "master" {
			reloads, err := strconv.Atoi(fields[2])
			if err != nil {
				return Processes{}, fmt.Errorf("show proc: line %q has no number of reloads", line)
			}
			p.Reloads = reloads
			continue
		}
		if into == nil || line == "" {
			continue
		}
		pid, err := strconv.Atoi(fields[0])
		if err != nil {
			return Processes{}, fmt.Errorf("show proc: line %q is no process", line)
		}
		*into = append(*into, pid)
	}
	return p, nil
}
