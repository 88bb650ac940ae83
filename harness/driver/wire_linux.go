//go:build amd64 || arm64

package driver

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/haproof/haproof/harness"
)

func init() { register("wire", func() harness.Driver { return wireDriver{} }) }

// wireDriver is haproof's own engine: a few shards, each a thread with its own
// epoll, connections and slice of the schedule, see
// docs/decisions/0007-wire-engine.md. The zero value uses as many shards as suit
// the machine.
type wireDriver struct {
	shards int // 0 for the default
	most   int // attempts in flight at most; 0 for maxInFlight
}

var (
	_ harness.Driver = wireDriver{}
	_ harness.Prober = wireDriver{}
)

var errWireHTTP2 = errors.New("driver wire speaks HTTP/1.1 and not h2: use driver: vegeta")

func (wireDriver) Name() string { return "wire" }

// Drive offers the workload, see harness.Driver.
func (d wireDriver) Drive(ctx context.Context, w harness.Workload, to []harness.Endpoint, report func(harness.Attempt)) (driven harness.Driven, err error) {
	if w.Protocol == harness.ProtocolHTTP2 {
		return harness.Driven{Began: time.Now()}, errWireHTTP2
	}
	g := &wireEngine{driver: d}
	defer func() { err = errors.Join(err, g.close()) }()
	return drive(ctx, w, to, engine{attack: g.attack, warm: g.warm}, report)
}

// Probe looks for the capacity, see harness.Prober.
func (d wireDriver) Probe(ctx context.Context, w harness.Workload, to []harness.Endpoint, length time.Duration) (capacity harness.Capacity, err error) {
	if w.Protocol == harness.ProtocolHTTP2 {
		return harness.Capacity{}, errWireHTTP2
	}
	g := &wireEngine{driver: d}
	defer func() { err = errors.Join(err, g.close()) }()
	return probeCapacity(ctx, w, to, engine{attack: g.attack}, length)
}

// count returns the number of shards: of each core that is left beside one for
// the proxy and everything else, up to two.
func (d wireDriver) count() int {
	if d.shards > 0 {
		return d.shards
	}
	return max(1, min(2, runtime.NumCPU()-1))
}

// wireEngine keeps the shards of one Drive, and so their connections, from one
// attack to the next.
type wireEngine struct {
	driver wireDriver
	shards []*shard
}

// open makes the shards, once.
func (g *wireEngine) open(c *client) error {
	if len(g.shards) > 0 {
		return nil
	}
	n := g.driver.count()
	if most := c.habits.most; most > 0 {
		n = min(n, most)
	}
	for i := range n {
		s, err := newShard(c, i, n)
		if err != nil {
			return err
		}
		g.shards = append(g.shards, s)
	}
	return nil
}

// attack is the engine's attackFunc. Attempt k belongs to shard k mod n.
func (g *wireEngine) attack(ctx context.Context, e *engagement) error {
	if err := g.open(e.client); err != nil {
		return err
	}
	most := g.inFlight(e)
	shards := g.shards[:min(len(g.shards), most)]
	defer enoughProcs(len(shards) + 1)()
	out := newOutbox()
	stop := &halt{shards: shards}
	for i, s := range shards {
		part := slice{first: uint64(i), step: uint64(len(shards)), most: (most + len(shards) - 1 - i) / len(shards)}
		s.begin(e, part, stop, out.batches)
	}
	defer g.wakeWith(ctx)()
	var threads errgroup.Group
	for _, s := range shards {
		threads.Go(s.run)
	}
	failed := make(chan error, 1)
	go func() {
		err := threads.Wait()
		out.close()
		failed <- err
	}()
	out.drain(e.saw)
	for _, s := range shards {
		e.stopped = max(e.stopped, s.stopped)
		e.shards = append(e.shards, s.usage)
		e.tally.merge(s.out.tally)
	}
	return <-failed
}

// inFlight returns the most attempts in flight.
func (g *wireEngine) inFlight(e *engagement) int {
	if g.driver.most > 0 {
		return int(e.atMost(uint64(g.driver.most)))
	}
	return int(e.atMost(maxInFlight))
}

// wakeWith interrupts all shards when ctx ends, until the returned function is
// called.
func (g *wireEngine) wakeWith(ctx context.Context) (forget func()) {
	var running sync.WaitGroup
	running.Add(1)
	stop := context.AfterFunc(ctx, func() {
		defer running.Done()
		for _, s := range g.shards {
			s.interrupt()
		}
	})
	return func() {
		if !stop() {
			running.Wait()
		}
	}
}

// close ends all connections.
func (g *wireEngine) close() error {
	var errs []error
	for _, s := range g.shards {
		errs = append(errs, s.close())
	}
	return errors.Join(errs...)
}

// enoughProcs raises GOMAXPROCS to n where it is less, until the returned
// function is called: a shard that waits for its processor is late.
func enoughProcs(n int) (restore func()) {
	was := runtime.GOMAXPROCS(0)
	if was >= n {
		return func() {}
	}
	runtime.GOMAXPROCS(n)
	return func() { runtime.GOMAXPROCS(was) }
}
