package driver

import (
	"context"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
)

const (
	// preheatAhead is which attempts get their connection before the clock starts:
	// those due so soon that no server tires of waiting for them.
	preheatAhead = 2 * time.Second
	// mostPreheated bounds the attempts that are looked at.
	mostPreheated = 4096
)

// preheat shakes hands for the first attempts of a schedule before it begins, so
// that the cold start is not part of what is measured. Targets are a pure
// function, so every connection opened here is one that an attempt will use;
// no attempt is sent. An endpoint that fails once is left to the attempts, which
// say why.
func (o *offer) preheat(ctx context.Context, plan schedule) {
	var all errgroup.Group
	all.SetLimit(handshakesAtOnce * len(o.client.servers))
	var failed sync.Map // *server
	deadline := time.Now().Add(o.client.timeout)
	seen := map[any]bool{} // pools
	for k := range min(wanted(plan, preheatAhead), mostPreheated) {
		target := o.targets.At(k)
		s := o.client.serverOf(k, &target)
		pool, open := o.client.warming(s, &target, deadline)
		if !target.TLS || seen[pool] {
			continue
		}
		if most := o.client.habits.most; most > 0 && len(seen) >= most {
			break
		}
		seen[pool] = true
		all.Go(func() error {
			if _, bad := failed.Load(s); bad || ctx.Err() != nil {
				return nil
			}
			if open() != nil {
				failed.Store(s, true)
			}
			return nil
		})
	}
	_ = all.Wait() // none returns an error
}

// warming returns the pool of a target's connections, and how to open one for it.
func (c *client) warming(s *server, target *Target, deadline time.Time) (pool any, open func() error) {
	if c.h2 != nil && target.TLS {
		p := c.h2.poolFor(s, target)
		return p, func() error { return p.warm(deadline) }
	}
	p := s.poolFor(target)
	return p, func() error {
		cn, _, err := s.connect(p, deadline)
		if err == nil {
			p.give(cn)
		}
		return err
	}
}
