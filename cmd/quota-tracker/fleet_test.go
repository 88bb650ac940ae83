package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"testing"

	"github.com/haproof/haproof/harness/harnesstest/realtest"
	"github.com/haproof/haproof/harness/harnesstest/simproxy"
)

// fleet is a few simulated HAProxies that count without a pause.
type fleet struct {
	t           *testing.T
	proxies     []*simproxy.Proxy
	lives       []*life
	keys        string
	generations int
	rate        int // per second and proxy
}

// life is that of one process.
type life struct {
	still func() // ends the load
	end   func() // ends the process as well
}

const (
	fleetSize = 4
	customers = 50
)

func newFleet(t *testing.T, keys string, rate int, trackers ...*program) *fleet {
	t.Helper()
	f := &fleet{t: t, keys: keys, rate: rate, lives: make([]*life, fleetSize)}
	for i := range fleetSize {
		cfg := simproxy.Config{Name: fmt.Sprint("hap", i), Generation: f.generation(), Seed: uint64(i), Redial: redial}
		for _, p := range trackers {
			cfg.Addrs = append(cfg.Addrs, p.peers)
		}
		f.proxies = append(f.proxies, simproxy.New(cfg))
		f.live(i)
	}
	t.Cleanup(func() {
		for _, l := range f.lives {
			l.end()
		}
	})
	return f
}

// live starts a process and its load.
func (f *fleet) live(i int) {
	p := f.proxies[i]
	running, kill := context.WithCancel(context.Background())
	loaded, calm := context.WithCancel(running)
	var load, all sync.WaitGroup
	all.Go(func() { p.Run(running) })
	load.Go(func() { p.Pace(loaded, customers, f.rate, 0, nil) })
	l := &life{still: func() { calm(); load.Wait() }}
	l.end = func() { l.still(); kill(); all.Wait() }
	f.lives[i] = l
}

// generation returns one that was never used, or none with plain keys.
func (f *fleet) generation() string {
	if f.keys == "plain" {
		return ""
	}
	f.generations++
	return strconv.Itoa(f.generations)
}

// reload replaces a process by one that learns from it. What it counts until the
// tables are handed over is lost with plain keys: use it with generations.
func (f *fleet) reload(i int) {
	f.lives[i].still()
	f.proxies[i] = f.proxies[i].Reload(f.generation())
	f.lives[i].end()
	f.live(i)
}

// crash loses all tables.
func (f *fleet) crash() {
	for i := range f.proxies {
		f.lives[i].still()
		f.proxies[i] = f.proxies[i].Crash(f.generation())
		f.lives[i].end()
	}
}

func (f *fleet) restart() {
	for i := range f.proxies {
		f.live(i)
	}
}

// calm ends the load for good.
func (f *fleet) calm() {
	for _, l := range f.lives {
		l.still()
	}
}

// idle waits until everything is acknowledged by every tracker.
func (f *fleet) idle() {
	f.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), realtest.Patience)
	defer cancel()
	var errs []error
	for _, p := range f.proxies {
		errs = append(errs, p.Idle(ctx))
	}
	if err := errors.Join(errs...); err != nil {
		f.t.Fatal(err)
	}
}

func (f *fleet) truth() map[string]uint64 { return f.sum((*simproxy.Proxy).Truth) }

// acked is what the first tracker has promised to keep.
func (f *fleet) acked() map[string]uint64 {
	return f.sum(func(p *simproxy.Proxy) map[string]uint64 { return p.Acked(0) })
}

// atRest waits until acknowledgements that were on their way have come, and returns
// their number: none comes while all of them count a thousand more.
func (f *fleet) atRest() (acked uint64) {
	f.t.Helper()
	realtest.Await(f.t, "no more is acknowledged", func() error {
		before := whole(f.acked())
		for i, p := range f.proxies {
			counted := whole(p.Truth())
			realtest.Await(f.t, "more is counted", func() error { return grown(i, counted, whole(p.Truth())) })
		}
		if acked = whole(f.acked()); acked != before {
			return fmt.Errorf("%d were acknowledged meanwhile", acked-before)
		}
		return nil
	})
	return acked
}

func (f *fleet) sum(of func(*simproxy.Proxy) map[string]uint64) map[string]uint64 {
	all := make(map[string]uint64)
	for _, p := range f.proxies {
		for customer, n := range of(p) {
			all[customer] += n
		}
	}
	return all
}

// atMost says which customers have more in low than in high.
func atMost(low, high map[string]uint64) error {
	for customer, n := range low {
		if n > high[customer] {
			return fmt.Errorf("customer %s: %d is more than %d", customer, n, high[customer])
		}
	}
	return nil
}

func whole(counts map[string]uint64) (sum uint64) {
	for _, n := range counts {
		sum += n
	}
	return sum
}
