package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/haproof/haproof/harness/goals"
	"github.com/haproof/haproof/harness/harnesstest/simproxy"
	"github.com/haproof/haproof/harness/tracker/api"
)

const (
	visibleRate  = 50_000 // updates per second of all HAProxies together
	visibleFrom  = 4      // HAProxies
	visibleEvery = 20 * time.Millisecond
	visibleRound = 5 * time.Second

	// visiblePoll is the least time between two questions about one increment: those
	// who look must not be the load.
	visiblePoll = time.Millisecond
)

// visible measures from the moment at which an answer should have been counted to the
// first reply over HTTP that shows it, committed. What the sending side is late is in
// it.
func (b *bench) visible(ctx context.Context) error {
	p, err := b.start(ctx, filepath.Join(b.dir, "visible.db"))
	if err != nil {
		return err
	}
	f := newFlock(ctx, p.peers, visibleFrom)
	defer f.end()
	var half, most, lag []float64
	seen := 0
	err = f.flood(ctx, customers)
	for range b.rounds {
		if err != nil {
			break
		}
		var took, late []float64
		took, late, err = f.watch(ctx, p)
		half, most = append(half, quantile(took, 0.5)), append(most, quantile(took, 0.99))
		lag = append(lag, quantile(late, 0.99))
		seen += len(took)
	}
	f.end()
	if err := errors.Join(err, p.stop()); err != nil {
		return err
	}
	note := fmt.Sprintf("%d updates/s over %d customers, %d increments watched in all", visibleRate, customers, seen)
	b.table.Row(goals.Result{What: "increment visible over HTTP and durable, median", Unit: "ms", Values: half, Note: note})
	b.table.Row(goals.Result{What: "increment visible over HTTP and durable, p99", Unit: "ms", Goal: goals.AtMost(10), Values: most, Note: note})
	b.table.Row(goals.Result{What: "lag of who sends, p99", Unit: "ms", Values: lag, Note: "part of the above: how late increments were made"})
	return nil
}

// watch returns how long it took each probe to become visible, and how late it was
// made, in ms.
func (f *flock) watch(ctx context.Context, p *process) (took, late []float64, err error) {
	ctx, cancel := context.WithTimeout(ctx, visibleRound)
	defer cancel()
	var mu sync.Mutex
	since := func(s simproxy.Sample, to *[]float64) {
		at := time.Since(s.At)
		mu.Lock()
		defer mu.Unlock()
		*to = append(*to, at.Seconds()*1e3)
	}
	errs := make([]error, len(f.proxies))
	var all sync.WaitGroup
	for i, proxy := range f.proxies {
		due := make(chan simproxy.Sample, visibleRound/visibleEvery+1)
		before, err := p.total(ctx, proxy.Probe())
		if err != nil {
			return nil, nil, err
		}
		all.Go(func() {
			defer close(due)
			proxy.Pace(ctx, customers, visibleRate/visibleFrom, visibleEvery, func(s simproxy.Sample) {
				since(s, &late)
				due <- s
			})
		})
		all.Go(func() {
			for s := range due {
				err := p.shows(context.WithoutCancel(ctx), s.Customer, before+s.Count)
				since(s, &took)
				if err != nil {
					errs[i] = err
					return
				}
			}
		})
	}
	all.Wait()
	return took, late, errors.Join(errs...)
}

// shows asks until the total is at least what it must be.
func (p *process) shows(ctx context.Context, customer string, least uint64) error {
	deadline := time.Now().Add(patience)
	poll := time.NewTicker(visiblePoll)
	defer poll.Stop()
	for ; ; <-poll.C {
		n, err := p.total(ctx, customer)
		if err != nil || n >= least {
			return err
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("%s: %d shown, %d counted", customer, n, least)
		}
	}
}

// total of a customer, 0 if there is none of that name.
func (p *process) total(ctx context.Context, customer string) (uint64, error) {
	var d api.CustomerDetail
	err := p.get(ctx, "/v1/customers/"+customer, &d)
	var status *statusError
	if errors.As(err, &status) && status.code == 404 {
		return 0, nil
	}
	return d.Total, err
}

// quantile returns the value below which so much of all values lies.
func quantile(values []float64, q float64) float64 {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	return sorted[int(q*float64(len(sorted)-1)+0.5)]
}
