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
	seen := map[*pool]bool{}
	for k := range min(plan.wanted(preheatAhead), mostPreheated) {
		target := o.targets.At(k)
		s := o.client.serverOf(k)
		p := s.poolFor(&target)
		if !target.TLS || seen[p] {
			continue
		}
		seen[p] = true
		all.Go(func() error {
			if _, bad := failed.Load(s); bad || ctx.Err() != nil {
				return nil
			}
			c, _, err := s.connect(&target, deadline)
			if err != nil {
				failed.Store(s, true)
				return nil
			}
			p.give(c)
			return nil
		})
	}
	_ = all.Wait() // none returns an error
}
