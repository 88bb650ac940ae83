package main

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"strings"
	"time"

	"github.com/haproof/haproof/harness/goals"
)

// client is one contestant: a command that ends by itself.
type client struct {
	name string
	args []string
	sane func(name string, out []byte) error // whether all went well; nil where its exit code says so
}

// turn is one run of a client.
type turn struct {
	cpu  time.Duration // user and system, from exec to exit
	wall time.Duration
	n    uint64 // what the server counted meanwhile
	made uint64 // connections that the server took meanwhile, in clear
	out  []byte
}

// cost is the CPU time per thing counted, in µs.
func (t turn) cost() float64 { return t.cpu.Seconds() * 1e6 / float64(t.n) }

// contest plays blocks in which each client has one turn. Each block begins with
// another client, and every other one goes backwards, so that no client always
// follows the same one.
func (b *bench) contest(ctx context.Context, clients []client, blocks int, count func(counts) uint64) ([][]turn, error) {
	turns := make([][]turn, len(clients))
	for block := range blocks {
		for i := range clients {
			at := (block + i) % len(clients)
			if block%2 == 1 {
				at = len(clients) - 1 - at
			}
			t, err := b.take(ctx, clients[at], count)
			if err != nil {
				return nil, err
			}
			turns[at] = append(turns[at], t)
		}
	}
	return turns, nil
}

// take runs one client on its core.
func (b *bench) take(ctx context.Context, c client, count func(counts) uint64) (turn, error) {
	before, err := b.server.counts(ctx)
	if err != nil {
		return turn{}, err
	}
	t, err := b.launch(ctx, c)
	if err != nil {
		return t, err
	}
	after, err := b.server.counts(ctx)
	if err != nil {
		return t, err
	}
	t.made = after.connections["plain"] - before.connections["plain"]
	if c.sane != nil {
		if err := c.sane(c.name, t.out); err != nil {
			return t, err
		}
	}
	if t.n = count(after) - count(before); t.n == 0 {
		return t, fmt.Errorf("%s: the server counted nothing; it said %q", c.name, t.out)
	}
	return t, nil
}

// launch runs one client on its core.
func (b *bench) launch(ctx context.Context, c client) (turn, error) {
	cmd := exec.CommandContext(ctx, "taskset", append([]string{"-c", b.on.client}, c.args...)...) // which becomes the client
	var out, log bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &log
	began := time.Now()
	if err := cmd.Run(); err != nil {
		return turn{}, fmt.Errorf("%s: %w: %s", c.name, err, strings.TrimSpace(log.String()))
	}
	return turn{cpu: cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(), wall: time.Since(began), out: out.Bytes()}, nil
}

// costs are those of one client's turns.
func costs(turns []turn) (each []float64) {
	for _, t := range turns {
		each = append(each, t.cost())
	}
	return each
}

// rates are how many things the server counted per second of the wall's clock.
func rates(turns []turn) (each []float64) {
	for _, t := range turns {
		each = append(each, float64(t.n)/t.wall.Seconds())
	}
	return each
}

// ratios divides block by block.
func ratios(of, by []float64) (each []float64) {
	for i := range of {
		each = append(each, of[i]/by[i])
	}
	return each
}

// compare is one row: the cost of one client in relation to that of another.
func (b *bench) compare(what string, of, by []turn, goal goals.Goal, note string) {
	b.row(goals.Result{What: what, Unit: "×", Goal: goal, Ratio: true, Values: ratios(costs(of), costs(by)), Note: note})
}
