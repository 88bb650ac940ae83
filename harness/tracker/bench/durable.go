package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"time"

	"github.com/haproof/haproof/harness/goals"
	"github.com/haproof/haproof/harness/harnesstest/simproxy"
)

const (
	proxies = 64

	// floodEach is how many answers each HAProxy counts in a round.
	floodEach = 150_000
)

// durable measures from sockets to commits: HAProxies send as fast as they can, and
// a round is over when the last update was acknowledged.
func (b *bench) durable(ctx context.Context) error {
	p, err := b.start(ctx, filepath.Join(b.dir, "durable.db"))
	if err != nil {
		return err
	}
	f := newFlock(ctx, p.peers, proxies)
	defer f.end()
	var rate, perCPU []float64
	err = f.flood(ctx, floodEach) // every key is entered
	for range b.rounds {
		if err != nil {
			break
		}
		err = func() error {
			sent, began := f.sent(), time.Now()
			cpu, err := p.cpu()
			if err := errors.Join(err, f.flood(ctx, floodEach)); err != nil {
				return err
			}
			took, n := time.Since(began), float64(f.sent()-sent)
			after, err := p.cpu()
			rate = append(rate, n/took.Seconds())
			perCPU = append(perCPU, n/(after-cpu).Seconds())
			return err
		}()
	}
	f.end()
	if err := errors.Join(err, p.stop()); err != nil {
		return err
	}
	b.table.Row(goals.Result{What: "socket to durable total", Unit: "updates/s", Goal: goals.AtLeast(1e6), Values: rate,
		Note: fmt.Sprintf("%d HAProxies of %d customers each; the tracker on %s, who sends on another core; SQLite with fsync", proxies, customers, b.where())})
	b.table.Row(goals.Result{What: "the same by the tracker's own time", Unit: "updates/s of CPU", Values: perCPU, Note: "what a core could do if who sends were faster"})
	return nil
}

func (b *bench) where() string {
	if b.pin == "" {
		return "any core"
	}
	return "one core"
}

// flock is a number of running HAProxies with one generation each.
type flock struct {
	proxies []*simproxy.Proxy
	end     func()
}

func newFlock(ctx context.Context, addr string, size int) *flock {
	ctx, cancel := context.WithCancel(ctx)
	f := &flock{}
	var all sync.WaitGroup
	for i := range size {
		p := simproxy.New(simproxy.Config{Name: fmt.Sprint("hap", i), Addrs: []string{addr}, Generation: fmt.Sprint(1763683530123 + i), Seed: uint64(i), Redial: 100 * time.Millisecond})
		f.proxies = append(f.proxies, p)
		all.Go(func() { p.Run(ctx) })
	}
	f.end = func() { cancel(); all.Wait() }
	return f
}

// flood has each count so many answers, and waits until all are acknowledged.
func (f *flock) flood(ctx context.Context, each uint64) error {
	errs := make([]error, len(f.proxies))
	var all sync.WaitGroup
	for i, p := range f.proxies {
		all.Go(func() { errs[i] = p.Flood(ctx, customers, each) })
	}
	all.Wait()
	return errors.Join(errs...)
}

func (f *flock) sent() (n uint64) {
	for _, p := range f.proxies {
		n += p.Sent()
	}
	return n
}
