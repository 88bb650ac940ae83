//go:build amd64 || arm64

package driver

import (
	"context"
	"time"

	"golang.org/x/sync/errgroup"
)

const (
	// clearPreheated is how many connections in clear are opened to each endpoint
	// before the clock starts.
	clearPreheated = 8
	// warmPatience bounds the wait for those in clear.
	warmPatience = time.Second
	// warmTick is how often the wait looks whether it was interrupted.
	warmTick = 50 * time.Millisecond
)

// warm opens connections for the first attempts before the clock of a schedule
// starts, like offer.preheat: all those in clear together get a few, and over TLS
// each host gets one from each shard that needs it.
func (g *wireEngine) warm(ctx context.Context, o *offer, plan schedule) error {
	if err := g.open(o.client); err != nil {
		return err
	}
	first := wanted(plan, preheatAhead)
	each := max(1, int(min(clearPreheated, first))/len(g.shards))
	wants := make([][]*wireHost, len(g.shards))
	seen := map[*wireHost]bool{}
	for k := range min(first, mostPreheated) {
		target := o.targets.At(k)
		i := int(k % uint64(len(g.shards)))
		h := g.shards[i].servers[o.client.indexOf(k, &target)].host(&target)
		if seen[h] {
			continue
		}
		seen[h] = true
		for n := 1; n == 1 || n <= each && !h.secure(); n++ {
			wants[i] = append(wants[i], h)
		}
	}
	var all errgroup.Group
	for i, s := range g.shards {
		all.Go(func() error { return s.warm(ctx, wants[i]) })
	}
	return all.Wait()
}

// warm opens a connection for each of the hosts and waits until they stand. An
// endpoint that fails once is left to the attempts, which say why.
func (s *shard) warm(ctx context.Context, hosts []*wireHost) error {
	patience := min(s.timeout, warmPatience)
	for _, h := range hosts {
		if h.secure() {
			patience = s.timeout
		}
	}
	for deadline := time.Now().Add(patience); ; {
		hosts = s.openSome(hosts)
		if len(hosts) == 0 && s.opened == s.idle.count {
			return nil
		}
		left := max(0, time.Until(deadline)) // none is left to who was kept from the processor: it looks once more
		if _, err := s.poll(min(left, warmTick)); err != nil {
			return err
		}
		if ctx.Err() != nil || left == 0 {
			break
		}
	}
	for _, c := range s.conns {
		if c != nil && !c.connected {
			s.drop(c)
		}
	}
	return nil
}

// openSome opens connections for hosts as far as may be, and returns the hosts
// that are left.
func (s *shard) openSome(hosts []*wireHost) []*wireHost {
	left := hosts[:0]
	for _, h := range hosts {
		switch {
		case h.server.cold, s.most > 0 && s.opened >= s.most, h.idle.count >= h.server.kept:
		case h.secure() && h.server.shaking >= s.handshakes:
			left = append(left, h)
		default:
			c := s.blank(h)
			if err := s.open(c); err != nil {
				h.server.cold = true
				s.discard(c)
			}
		}
	}
	return left
}
