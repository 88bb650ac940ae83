package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"time"

	"github.com/haproof/haproof/harness/harnesstest/simproxy"
	"github.com/haproof/haproof/harness/tracker/api"
)

const (
	visibleRate  = 50_000 // updates per second of all HAProxies together
	visibleFrom  = 4      // HAProxies
	visibleEvery = 20 * time.Millisecond
	visibleRound = 5 * time.Second
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
	var half, most []float64
	seen := 0
	err = f.flood(ctx, customers)
	for range b.rounds {
		if err != nil {
			break
		}
		var took []float64
		took, err = f.watch(ctx, p)
		half, most = append(half, quantile(took, 0.5)), append(most, quantile(took, 0.99))
		seen += len(took)
	}
	f.end()
	if err := errors.Join(err, p.stop()); err != nil {
		return err
	}
	note := fmt.Sprintf("%d updates/s over %d customers, %d increments watched in all", visibleRate, customers, seen)
	b.table.row(result{what: "increment visible over HTTP and durable, median", unit: "ms", values: half, note: note})
	b.table.row(result{what: "increment visible over HTTP and durable, p99", unit: "ms", goal: 10, values: most, note: note})
	return nil
}

// watch returns how long it took each probe to become visible, in ms.
func (f *flock) watch(ctx context.Context, p *process) ([]float64, error) {
	ctx, cancel := context.WithTimeout(ctx, visibleRound)
	defer cancel()
	var mu sync.Mutex
	var took []float64
	errs := make([]error, len(f.proxies))
	var all sync.WaitGroup
	for i, proxy := range f.proxies {
		due := make(chan simproxy.Sample, visibleRound/visibleEvery+1)
		before, err := p.total(ctx, proxy.Probe())
		if err != nil {
			return nil, err
		}
		all.Go(func() {
			defer close(due)
			proxy.Pace(ctx, customers, visibleRate/visibleFrom, visibleEvery, func(s simproxy.Sample) { due <- s })
		})
		all.Go(func() {
			for s := range due {
				err := p.shows(context.WithoutCancel(ctx), s.Customer, before+s.Count)
				at := time.Since(s.At)
				mu.Lock()
				took = append(took, at.Seconds()*1e3)
				mu.Unlock()
				if err != nil {
					errs[i] = err
					return
				}
			}
		})
	}
	all.Wait()
	return took, errors.Join(errs...)
}

// shows asks until the total is at least what it must be.
func (p *process) shows(ctx context.Context, customer string, least uint64) error {
	deadline := time.Now().Add(patience)
	for {
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
