package main

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/haproof/haproof/harness/goals"
	"github.com/haproof/haproof/harness/stats"
)

// drawn is the profile whose targets differ from attempt to attempt.
const drawn = "ads"

// closed compares the CPU time per request of all clients in a closed loop.
func (b *bench) closed(ctx context.Context) error {
	c := strconv.Itoa(connections)
	url := "http://" + b.server.plain + "/pixel.gif"
	many := b.loop("wire", connections, b.plan.Turn)
	many.Targets, many.Workload.Profile, many.Workload.Hosts = nil, drawn, 100
	clients := []client{
		b.client("wire", b.loop("wire", connections, b.plan.Turn)),
		wrk(url, b.plan.Turn),
		b.client("wire, every target drawn", many),
		h2load(url, "-c"+c, "-D"+seconds(b.plan.Turn)),
		b.client("vegeta as a driver", b.loop("vegeta", connections, b.plan.Turn)),
	}
	if b.rival != "" {
		clients = append(clients,
			b.goRival("vegeta by itself", "closed", "vegeta", url, c, b.plan.Turn.String()),
			b.goRival("fasthttp", "closed", "fasthttp", url, c, b.plan.Turn.String()))
	}
	turns, err := b.contest(ctx, clients, b.plan.Blocks, plainRequests)
	if err != nil {
		return err
	}
	at := map[string][]turn{}
	for i, c := range clients {
		at[c.name] = turns[i]
		b.row(goals.Result{What: "closed loop, " + c.name, Unit: "µs of CPU/request", Values: costs(turns[i]),
			Note: fmt.Sprintf("%d connections, %s requests/s", connections, goals.Number(stats.Median(rates(turns[i]))))})
	}
	if err := b.starts(ctx); err != nil {
		return err
	}
	b.compare("wire / wrk", at["wire"], at["wrk"], goals.AtMost(0.95), "the same request each time, as wrk sends")
	b.compare("wire, every target drawn / wrk", at["wire, every target drawn"], at["wrk"], goals.Goal{}, "100 hosts, another query each time")
	b.compare("wire / h2load --h1", at["wire"], at["h2load --h1"], goals.Goal{}, "")
	b.compare("vegeta as a driver / wrk", at["vegeta as a driver"], at["wrk"], goals.Goal{}, "")
	if b.rival != "" {
		b.compare("wire / vegeta by itself", at["wire"], at["vegeta by itself"], goals.AtMost(0.2), "vegeta's own attack and transport")
		b.compare("wire / fasthttp", at["wire"], at["fasthttp"], goals.Goal{}, "a goroutine for each connection")
	}
	return nil
}

// starts measures what of all costs is that of starting and ending.
func (b *bench) starts(ctx context.Context) error {
	var each []float64
	for range b.plan.Steady {
		j := b.loop("wire", connections, 0)
		j.Workload.Requests = connections
		t, err := b.launch(ctx, b.client("wire", j))
		if err != nil {
			return err
		}
		each = append(each, millis(t.cpu))
	}
	b.row(goals.Result{What: "start and end, wire", Unit: "ms of CPU", Values: each, Note: fmt.Sprintf("%d connections, a request on each; part of all turns", connections)})
	return nil
}

// garbage counts what the wire client allocates while it drives, its start left
// out.
func (b *bench) garbage(ctx context.Context) error {
	var each, collections []float64
	attempts, objects := uint64(0), uint64(0)
	for range b.plan.Steady {
		j := b.loop("wire", connections, 0)
		j.Targets, j.Workload.Profile, j.Workload.Hosts = nil, drawn, 100
		j.Workload.Requests = b.plan.Garbage
		j.Watch, j.Again = b.plan.Garbage/5, b.plan.Garbage/10*9
		c := b.client("wire", j)
		t, err := b.launch(ctx, c)
		if err != nil {
			return err
		}
		s, err := heard(c.name, t.out)
		if err != nil {
			return err
		}
		attempts, objects = attempts+s.Watched, objects+s.Allocations
		each, collections = append(each, float64(s.Allocations)/float64(s.Watched)), append(collections, float64(s.Collections))
	}
	note := fmt.Sprintf("closed loop, every target drawn, without the first fifth and the last tenth of each run; %s attempts in all", goals.Number(float64(attempts)))
	b.row(goals.Result{What: "allocations, wire", Unit: "objects/attempt", Goal: goals.AtMost(0), Values: each, Note: fmt.Sprintf("%s; %d objects in all of them", note, objects)})
	b.row(goals.Result{What: "collections of garbage, wire", Unit: "in the window", Goal: goals.AtMost(0), Values: collections, Note: note})
	return nil
}

// takeProfile drives once more for a profile.
func (b *bench) takeProfile(ctx context.Context) error {
	j := b.loop("wire", connections, 5*time.Second)
	j.Profile = b.profile
	_, err := b.launch(ctx, b.client("wire", j))
	return err
}
