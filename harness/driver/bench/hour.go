package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"time"

	"github.com/haproof/haproof/harness/goals"
)

// hour plays very many attempts and looks at the client's memory each second.
func (b *bench) hour(ctx context.Context) error {
	j := b.loop("wire", connections, 0)
	j.Targets, j.Workload.Profile, j.Workload.Hosts = nil, drawn, 100
	j.Workload.Requests = b.plan.Attempts
	c := b.client("wire", j)
	cmd := exec.CommandContext(ctx, "taskset", append([]string{"-c", b.on.client}, c.args...)...)
	var out, log bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &log
	began := time.Now()
	if err := cmd.Start(); err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	sizes, err := sizes(cmd.Process.Pid, ended)
	if err != nil {
		return errors.Join(err, fmt.Errorf("%s", strings.TrimSpace(log.String())))
	}
	took := time.Since(began)
	s, err := heard(c.name, out.Bytes())
	if err != nil {
		return err
	}
	if s.Attempts != b.plan.Attempts {
		return fmt.Errorf("played %d attempts, want %d", s.Attempts, b.plan.Attempts)
	}
	if len(sizes) < 4 {
		return fmt.Errorf("lasted %v only: memory cannot be said to be flat", took)
	}
	note := fmt.Sprintf("%s attempts in %v, %.0f %% of an hour at 50,000/s", goals.Number(float64(s.Attempts)), took.Round(time.Second), 100*float64(s.Attempts)/hourful)
	b.row(goals.Result{What: "memory over many attempts, wire: most", Unit: "MiB", Goal: goals.AtMost(64), Values: []float64{max(most(sizes), float64(s.Resident)/(1<<20))}, Note: note + "; resident, each second and by the kernel's high-water mark"})
	b.row(goals.Result{What: "memory over many attempts, wire: growth in the last half", Unit: "MiB", Goal: goals.AtMost(1), Values: []float64{growth(sizes)}, Note: "most of the last half less what it began with"})
	return nil
}

// sizes looks at a process each second until it has ended, in MiB.
func sizes(pid int, ended <-chan error) (all []float64, err error) {
	second := time.NewTicker(time.Second)
	defer second.Stop()
	for {
		select {
		case err := <-ended:
			return all, err
		case <-second.C:
			// Of one that is just ending nothing can be read.
			if n, err := memory(pid, "VmRSS"); err == nil {
				all = append(all, float64(n)/(1<<20))
			}
		}
	}
}

func most(sizes []float64) (m float64) {
	for _, v := range sizes {
		m = max(m, v)
	}
	return m
}

// growth is how much the last half lies above its beginning at most.
func growth(sizes []float64) float64 {
	last := sizes[len(sizes)/2:]
	return most(last) - last[0]
}
