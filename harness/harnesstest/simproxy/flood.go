package simproxy

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"
)

const (
	// floodBatch is how many increments Flood makes before it looks whether they
	// have been sent.
	floodBatch = 2048

	// paceTick is how often Pace counts.
	paceTick = time.Millisecond
)

// Flood counts so many answers for random ones of the first so many customers, as
// fast as they can be sent, and waits until they are acknowledged. Without a
// connection it waits for one. A customer drawn twice before the first update is
// sent makes one update: see Sent.
func (p *Proxy) Flood(ctx context.Context, customers int, increments uint64) error {
	random, numbers := p.draw(customers)
	for increments > 0 {
		if err := p.await(ctx, (*link).drained); err != nil {
			return fmt.Errorf("%d increments to go: %w", increments, err)
		}
		n := min(increments, floodBatch)
		p.burst(random, numbers, n)
		increments -= n
	}
	return p.Idle(ctx)
}

// Sample is an increment that was made on purpose: from At on, the customer's count
// was at least Count.
type Sample struct {
	Customer string
	Count    uint64
	At       time.Time // intended; lag is the generator's fault and counted as latency
}

// Pace counts answers at a rate per second, for random ones of the first so many
// customers, until ctx ends, whether trackers keep up or not. Every so often it
// counts one for a customer of its own, Probe, and calls sample, which must not
// block. No sample is made if every is zero.
func (p *Proxy) Pace(ctx context.Context, customers, rate int, every time.Duration, sample func(Sample)) {
	random, numbers := p.draw(customers)
	tick := time.NewTicker(paceTick)
	defer tick.Stop()
	start := time.Now()
	var done, probed uint64
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		now := time.Since(start)
		due := uint64(now.Seconds() * float64(rate))
		p.burst(random, numbers, due-done)
		done = due
		for every > 0 && time.Duration(probed)*every <= now {
			at := start.Add(time.Duration(probed) * every)
			probed++
			p.Inc(p.Probe(), 1)
			sample(Sample{Customer: p.Probe(), Count: probed, At: at})
		}
	}
}

// Probe is the customer for whom Pace counts its samples.
func (p *Proxy) Probe() string { return "probe-" + p.cfg.Name }

// draw returns the customers to count for and what they are drawn with.
func (p *Proxy) draw(customers int) (*rand.Rand, []uint32) {
	numbers := p.roster.first(customers)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.table.reserve(customers)
	return rand.New(rand.NewPCG(p.cfg.Seed, uint64(p.cfg.PID))), numbers
}

func (p *Proxy) burst(random *rand.Rand, numbers []uint32, n uint64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.stopped != nil {
		return
	}
	for range n {
		p.table.inc(numbers[random.Uint32N(uint32(len(numbers)))], 1)
	}
	p.wake()
}
