package main

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/sys/unix"

	"github.com/haproof/haproof/harness"
	"github.com/haproof/haproof/harness/goals"
)

const (
	manyHosts = 10_000
	fewer     = 1_000 // connections, to tell what one more costs
	asked     = 20    // requests on each

	// spare are the descriptors that a process needs besides its connections.
	spare = 200
)

// hosts measures what ten thousand connections cost, and what it costs that each
// carries another host.
func (b *bench) hosts(ctx context.Context) error {
	if limit := descriptors(); limit < manyHosts+spare {
		why := fmt.Sprintf("needs %d descriptors, the limit is %d and could not be raised", manyHosts+spare, limit)
		b.row(goals.Result{What: "memory of a plain connection", Unit: "bytes", Goal: goals.AtMost(8 << 10), Note: why})
		b.row(goals.Result{What: "CPU/request, 10,000 hosts / one host", Unit: "×", Goal: goals.AtMost(1.1), Note: why})
		return nil
	}
	one, many, few := b.crowd(manyHosts, 1), b.crowd(manyHosts, manyHosts), b.crowd(fewer, manyHosts)
	clients := []client{b.client("one host", one), b.client("many hosts", many), b.client("fewer connections", few)}
	turns, err := b.contest(ctx, clients, b.plan.Hosts, plainRequests)
	if err != nil {
		return err
	}
	var each []float64
	for i := range turns[0] {
		more, err := heard("many hosts", turns[1][i].out)
		if err != nil {
			return err
		}
		less, err := heard("fewer connections", turns[2][i].out)
		if err != nil {
			return err
		}
		made, fewerMade := turns[1][i].made, turns[2][i].made
		if low, of := min(turns[0][i].made, made), uint64(manyHosts); low < of*9/10 || made > of || fewerMade > of/5 {
			return fmt.Errorf("the server took %d, %d and %d connections, want %d, %d and %d or a little less",
				turns[0][i].made, made, fewerMade, manyHosts, manyHosts, fewer)
		}
		each = append(each, (float64(more.Resident)-float64(less.Resident))/float64(made-fewerMade))
	}
	b.row(goals.Result{What: "memory of a plain connection", Unit: "bytes", Goal: goals.AtMost(8 << 10), Values: each,
		Note: fmt.Sprintf("most resident with %s connections less that with %s, divided, the user on each included; not the kernel's buffers; descriptors: %d", goals.Number(manyHosts), goals.Number(fewer), descriptors())})
	b.compare("CPU/request, 10,000 hosts / one host", turns[1], turns[0], goals.AtMost(1.1), "10,000 connections in both, all of them busy; that they are made is in it")
	return nil
}

// crowd are so many clients who come within two seconds and ask without a pause, so
// that each needs a connection of its own.
func (b *bench) crowd(n, hosts int) job {
	return job{
		Driver: "wire", HTTP: b.server.plain,
		Workload: harness.Workload{
			Profile: drawn, Hosts: hosts, Users: &harness.Users{Count: n},
			Connections: n, SoftStart: 2 * time.Second, Requests: asked * uint64(n), Timeout: time.Minute, Seed: 1,
		},
	}
}

// descriptors is how many of them a process may have.
func descriptors() int {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		return 0
	}
	return int(limit.Cur)
}

// raiseLimit raises it where that is allowed, for us and whom we start.
func raiseLimit() {
	const want = 2*manyHosts + spare
	var limit unix.Rlimit
	if unix.Getrlimit(unix.RLIMIT_NOFILE, &limit) != nil {
		return
	}
	asked := unix.Rlimit{Cur: max(limit.Cur, want), Max: max(limit.Max, want)}
	if unix.Setrlimit(unix.RLIMIT_NOFILE, &asked) != nil { // only the superuser may raise the hard one
		_ = unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: limit.Max, Max: limit.Max})
	}
}
