package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/haproof/haproof/harness"
	"github.com/haproof/haproof/harness/goals"
	"github.com/haproof/haproof/harness/receiver"
	"github.com/haproof/haproof/harness/stats"
)

// lagGoal is how late attempts may arrive, in µs, at the 99th percentile.
const lagGoal = 50

// open measures how late attempts arrive at a given rate. It is the server who
// says so: a receiver in place of HAProxy, for whom the kernel stamps what arrives.
func (b *bench) open(ctx context.Context) (err error) {
	r, err := b.startReceiver(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.stop()) }()
	for _, rateRPS := range []int{1_000, 10_000} {
		ours := b.offer("wire", rateRPS, b.plan.Round)
		ours.HTTP, ours.Targets[0].Path = r.address, "/?x"
		clients := []client{b.client("wire", ours)}
		if b.rival != "" {
			clients = append(clients, b.goRival("vegeta by itself", "open", "vegeta", "http://"+r.address+"/?x", strconv.Itoa(rateRPS), b.plan.Round.String()))
		}
		rows := make([]lateness, len(clients))
		for round := range b.plan.Steady {
			for i := range clients {
				at := (round + i) % len(clients)
				if err := rows[at].add(ctx, b, r, clients[at], rateRPS); err != nil {
					return err
				}
			}
		}
		for i, c := range clients {
			b.late(c.name, rateRPS, rows[i])
		}
	}
	return nil
}

// lateness is how late attempts of several rounds were, in µs.
type lateness struct {
	p50, p99, own, cpu []float64
	voided             int // rounds in which a clock was set
}

// add plays one round.
func (l *lateness) add(ctx context.Context, b *bench, r *witness, c client, rateRPS int) error {
	if err := r.reader.Forget(ctx); err != nil {
		return err
	}
	t, err := b.launch(ctx, c)
	if err != nil {
		return err
	}
	s, err := heard(c.name, t.out)
	if err != nil {
		return err
	}
	arrivals, err := r.reader.Arrivals(ctx, 0, s.Attempts-1)
	if err != nil {
		return err
	}
	due := func(k uint64) time.Duration { return time.Duration(k) * time.Second / time.Duration(rateRPS) }
	p := receiver.PacingOf(arrivals, time.Unix(0, s.Began), 0, s.Attempts, due)
	switch {
	case p.Missing > 0 || p.Repeated > 0 || p.Arrived != s.Attempts:
		return fmt.Errorf("%s: of %d attempts the receiver saw %d, and %d more than once", c.name, s.Attempts, p.Arrived, p.Repeated)
	case p.Early > 0:
		l.voided++
		return nil
	}
	l.p50, l.p99 = append(l.p50, micros(stats.Quantile(p.Lags, 0.5))), append(l.p99, micros(stats.Quantile(p.Lags, 0.99)))
	l.own, l.cpu = append(l.own, micros(s.Lag[atP99])), append(l.cpu, t.cpu.Seconds()*1e6/float64(s.Attempts))
	return nil
}

// late writes the rows of one client at one rate.
func (b *bench) late(name string, rateRPS int, l lateness) {
	what := fmt.Sprintf("open loop, %s/s, %s: lag", goals.Number(float64(rateRPS)), name)
	note := fmt.Sprintf("as the receiver saw it; p99 by its own clock %s µs; %s µs of CPU/request", goals.Number(stats.Median(l.own)), goals.Number(stats.Median(l.cpu)))
	if l.voided > 0 {
		note += fmt.Sprintf("; %d rounds voided, in which attempts arrived before they were due: a clock was set, or they are not sent in order", l.voided)
	}
	goal := goals.Goal{}
	if name == "wire" {
		goal = goals.AtMost(lagGoal)
		note += "; wrk2, which keeps a rate too, is not in Debian"
	}
	b.row(goals.Result{What: what + " p50", Unit: "µs", Values: l.p50})
	b.row(goals.Result{What: what + " p99", Unit: "µs", Goal: goal, Values: l.p99, Note: note})
}

func micros(d time.Duration) float64 { return float64(d) / 1e3 }

// offer is an open loop.
func (b *bench) offer(driver string, rateRPS int, length time.Duration) job {
	return job{
		Driver: driver, HTTP: b.server.plain, HTTPS: b.server.secure, Targets: pixel(false), Times: true,
		Workload: harness.Workload{Rate: harness.Rate(rateRPS), Duration: length, Seed: 1},
	}
}
