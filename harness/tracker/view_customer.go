package tracker

import (
	"context"
	"slices"
	"strings"
)

// CustomerState is what is known about one customer.
type CustomerState struct {
	Number  uint32
	Total   uint64 // the sum over the sources
	Sources []CustomerSource
	Durable bool // the total is committed
}

// CustomerSource is what a customer was counted by one source.
type CustomerSource struct {
	Source  string
	Total   uint64
	Logged  uint64 // the part of it that stopping processes have logged
	Retired uint64 // the part of it from generations that are summed up
	Books   int    // generations with a part of it that are not
}

// Customer returns what is known about a customer, sources by name; false if there is
// no such customer. It waits for what it returns to be durable, at most a second.
func (s *Server) Customer(ctx context.Context, name string) (CustomerState, bool) {
	k := s.keeper
	k.mu.Lock()
	state, ok := k.counts.customer(name)
	ticket := k.applied
	k.mu.Unlock()
	state.Durable = ok && k.progress.wait(ctx, ticket, readPatience) == nil
	return state, ok
}

func (c *Counts) customer(name string) (CustomerState, bool) {
	n, ok := c.customers.find(name)
	if !ok {
		return CustomerState{}, false
	}
	state := CustomerState{Number: n, Total: c.customers.of(n)}
	for _, o := range c.origins {
		s := CustomerSource{Source: o.source}
		for _, b := range o.books {
			if e := b.entries.find(n); e != nil {
				s.add(b.Kind, e.total())
			}
		}
		if s.Total > 0 {
			state.Sources = append(state.Sources, s)
		}
	}
	slices.SortFunc(state.Sources, func(a, b CustomerSource) int { return strings.Compare(a.Source, b.Source) })
	return state, true
}

func (s *CustomerSource) add(kind BookKind, n uint64) {
	if n == 0 {
		return
	}
	s.Total += n
	switch kind {
	case BookLog:
		s.Logged += n
	case BookRetired:
		s.Retired += n
	default:
		s.Books++
	}
}
