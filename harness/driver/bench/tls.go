package main

import (
	"context"
	"fmt"
	"strconv"

	"github.com/haproof/haproof/harness"
	"github.com/haproof/haproof/harness/goals"
	"github.com/haproof/haproof/harness/stats"
)

// crypto is what both sides agree on without being told.
const crypto = "TLS 1.3, ECDSA P-256, X25519, nobody verifies the chain"

// tls compares the CPU time per request on connections that last.
func (b *bench) tls(ctx context.Context) error {
	url := "https://" + b.server.secure + "/pixel.gif"
	ours := b.loop("wire", connections, b.plan.Turn)
	ours.Targets = pixel(true)
	clients := []client{
		b.client("wire", ours),
		wrk(url, b.plan.Turn),
	}
	turns, err := b.contest(ctx, clients, b.plan.Blocks, secureRequests)
	if err != nil {
		return err
	}
	for i, c := range clients {
		b.row(goals.Result{What: "TLS, kept alive, " + c.name, Unit: "µs of CPU/request", Values: costs(turns[i]),
			Note: fmt.Sprintf("%d connections, %s requests/s", connections, goals.Number(stats.Median(rates(turns[i]))))})
	}
	b.compare("TLS, kept alive, wire / wrk", turns[0], turns[1], goals.AtMost(1.1), crypto)
	return nil
}

// shaken is how many connections h2load opens in a turn: it counts, and does not
// stop by the clock where each connection carries one request.
const shaken = 4000

// handshake compares how many full handshakes one core of a client makes. The
// server hands out no tickets and keeps no sessions, so nobody can resume.
func (b *bench) handshake(ctx context.Context) error {
	url, n := "https://"+b.server.fresh+"/pixel.gif", strconv.Itoa(shaken)
	never := harness.Share(0)
	ours := b.loop("wire", connections, b.plan.Turn)
	ours.HTTPS, ours.Targets = b.server.fresh, pixel(true)
	ours.Workload.Connect = &harness.Connect{Requests: 1, Resume: &never}
	clients := []client{
		b.client("wire", ours),
		h2load(url, "-n"+n, "-c"+n),
		wrk(url, b.plan.Turn, "-H", "Connection: close"),
	}
	turns, err := b.contest(ctx, clients, b.plan.Blocks, handshakes)
	if err != nil {
		return err
	}
	var perCore [3][]float64
	for i, c := range clients {
		for _, t := range turns[i] {
			perCore[i] = append(perCore[i], float64(t.n)/t.cpu.Seconds())
		}
		b.row(goals.Result{What: "full handshakes, " + c.name, Unit: "per s of CPU", Values: perCore[i],
			Note: fmt.Sprintf("%s, one request on each connection; %s/s by the wall's clock, where HAProxy's core is the limit", crypto, goals.Number(stats.Median(rates(turns[i]))))})
	}
	b.row(goals.Result{What: "full handshakes, wire / h2load --h1", Unit: "×", Goal: goals.AtLeast(1), Ratio: true, Values: ratios(perCore[0], perCore[1]),
		Note: fmt.Sprintf("h2load opens %d connections at once, wire %d and another when one ends", shaken, connections)})
	b.row(goals.Result{What: "full handshakes, wire / wrk", Unit: "×", Ratio: true, Values: ratios(perCore[0], perCore[2]), Note: "wrk asks for Connection: close"})
	return nil
}
