package harnesstest

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/haproof/haproof/harness"
	"github.com/haproof/haproof/harness/harnesstest/lies"
	"github.com/haproof/haproof/harness/harnesstest/simproxy"
	"github.com/haproof/haproof/harness/tracker"
	"github.com/haproof/haproof/harness/tracker/store"
)

const (
	wireProxies  = 2
	wirePatience = 20 * time.Second // for what must come
	wireLook     = time.Millisecond // between two looks at what nothing announces
)

// Event is what happens on a wire before an attempt is answered.
type Event func(*Wire) error

// WireConfig says what is on a wire. The zero value is an honest tracker that keeps
// nothing, and proxies that nothing happens to.
type WireConfig struct {
	Keys   harness.KeyStyle
	Lie    lies.Lie         // that the tracker tells
	Store  string           // directory in which the tracker keeps its totals; empty for none
	Script map[uint64]Event // by number of the attempt that they come before, 1 for the first
}

// Wire is a site whose tracker is a real one, honest or a liar, that two simulated
// HAProxies tell of its answers over the protocol of peers.
type Wire struct {
	ctx     context.Context
	cfg     WireConfig
	proxies []*simproxy.Proxy
	running sync.WaitGroup // proxies
	errs    []error        // of events

	store  *store.Store // nil keeps nothing
	addr   string
	server *tracker.Server
	stop   func() error // the server
	opened atomic.Int64 // sessions
}

// NewWire starts everything. It ends with ctx; await that with Close.
func NewWire(ctx context.Context, cfg WireConfig) (*Wire, error) {
	w := &Wire{ctx: ctx, cfg: cfg, addr: "127.0.0.1:0"}
	if cfg.Store != "" {
		var err error
		o := store.Options{Table: "quota", Keys: string(w.keys())}
		if w.store, err = store.Open(ctx, filepath.Join(cfg.Store, "counts.db"), o); err != nil {
			return nil, err
		}
	}
	if err := w.startTracker(); err != nil {
		return nil, errors.Join(err, w.closeStore())
	}
	w.addr = w.server.PeersAddr().String()
	for i := range wireProxies {
		w.proxies = append(w.proxies, nil)
		w.run(i, simproxy.New(simproxy.Config{
			Name: fmt.Sprintf("proxy%d", i+1), Addrs: []string{w.addr}, Generation: w.generation(i, 1),
			Redial: wireLook, LearnAfter: time.Hour, // but idle does not wait for that
		}))
	}
	return w, nil
}

// keys is the tracker's word for the style of keys.
func (w *Wire) keys() tracker.Keys {
	if w.cfg.Keys == harness.KeysPlain {
		return tracker.PlainKeys
	}
	return tracker.GenerationKeys
}

// generation is that of a process of a proxy.
func (w *Wire) generation(proxy, process int) string {
	if w.cfg.Keys == harness.KeysPlain {
		return ""
	}
	return fmt.Sprintf("%d.%d", proxy+1, process)
}

// Site returns the site of the wire.
func (w *Wire) Site() *Site {
	s := NewSite(w.update)
	s.settle = func(ctx context.Context) error { return w.settle(ctx, s) }
	return s
}

// update plays what the script has for the moment, and has a proxy count the answer.
func (w *Wire) update(_ map[string]uint64, u Update) {
	if event := w.cfg.Script[u.Number]; event != nil {
		if err := event(w); err != nil {
			w.errs = append(w.errs, fmt.Errorf("before update %d: %w", u.Number, err))
		}
	}
	if u.Dynamic {
		w.proxies[u.Number/2%wireProxies].Inc(u.Key, 1)
	}
}

// settle waits until the proxies have nothing left to say, and writes down what the
// tracker has counted.
func (w *Wire) settle(ctx context.Context, s *Site) error {
	if err := errors.Join(errors.Join(w.errs...), w.idle()); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, wirePatience)
	defer cancel()
	var totals tracker.Totals
	err := poll(ctx, func() (err error) {
		totals, err = w.server.Totals(ctx, totals) // an error for as long as the disk is slow
		return err
	})
	for i, name := range totals.Names {
		s.counts[harness.WitnessTracker][name] = totals.Each[i]
	}
	return err
}

// idle waits until the tracker has been told everything, lessons included. A process
// that was reloaded learns now.
func (w *Wire) idle() error {
	ctx, cancel := context.WithTimeout(w.ctx, wirePatience)
	defer cancel()
	for _, p := range w.proxies {
		p.Learn()
	}
	if err := poll(ctx, w.server.Ready); err != nil {
		return err
	}
	for _, p := range w.proxies {
		if err := p.Idle(ctx); err != nil {
			return err
		}
	}
	return nil
}

// poll looks until there is no error any more, or ctx ends.
func poll(ctx context.Context, look func() error) error {
	tick := time.NewTicker(wireLook)
	defer tick.Stop()
	for {
		err := look()
		if err == nil {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("%w: %w", ctx.Err(), err)
		}
	}
}

// run lets a process stand for a proxy from now on.
func (w *Wire) run(i int, p *simproxy.Proxy) {
	w.proxies[i] = p
	w.running.Go(func() { p.Run(w.ctx) })
}

// startTracker starts one with what is stored.
func (w *Wire) startTracker() error {
	cfg := tracker.Config{Name: "tracker", Listen: w.addr, Keys: w.keys(), Report: w.note}
	cfg.Counter, cfg.Peers.ResyncRetry = w.cfg.Lie.Counter, wireLook
	if w.store != nil {
		cfg.Store = w.store
		if w.cfg.Lie.Store != nil {
			cfg.Store = w.cfg.Lie.Store(w.store)
		}
	}
	server, err := tracker.New(w.ctx, cfg)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(w.ctx)
	ended := make(chan error, 1)
	go func() { ended <- server.Run(ctx) }()
	w.server = server
	w.stop = func() error {
		cancel()
		return <-ended
	}
	return nil
}

func (w *Wire) note(e tracker.Event) {
	if e.Text == "session opened" {
		w.opened.Add(1)
	}
}

// Close waits for everything to end, which the context given to NewWire has told to.
func (w *Wire) Close() error {
	err := w.stop()
	w.running.Wait()
	return errors.Join(err, w.closeStore())
}

func (w *Wire) closeStore() error {
	if w.store == nil {
		return nil
	}
	return w.store.Close()
}
