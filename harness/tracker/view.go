package tracker

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"
)

// readPatience is how long a reader waits for what it saw to become durable.
const readPatience = time.Second

// Totals returns the totals of all customers, in the slices of into where they are
// long enough. It waits until they are durable, at most a second; the error says
// why they are not, and the totals are valid nevertheless.
func (s *Server) Totals(ctx context.Context, into Totals) (Totals, error) {
	k := s.keeper
	k.mu.Lock()
	t := k.counts.Totals(into)
	ticket := k.applied
	k.mu.Unlock()
	return t, k.progress.wait(ctx, ticket, readPatience)
}

// Usage passes on the committed growth per customer and hour. It is an error if
// the Server has no Store.
func (s *Server) Usage(ctx context.Context, q UsageQuery, visit func(Growth) error) error {
	if s.cfg.Store == nil {
		return errors.New("usage by the hour needs a store")
	}
	return s.cfg.Store.Usage(ctx, q, visit)
}

// SourceState is what the tracker knows about one peer. Numbers without another
// explanation count from the start of the tracker.
type SourceState struct {
	Name     string
	Sessions int       // open now; 2 for a moment during a reload
	PID      int       // of the newest process, 0 if it never called us
	Resync   string    // of the newest session: asked, partial or finished
	Heard    time.Time // when the last message came, zero for never; HAProxy beats every 3 s
	Restarts uint64    // times that a new process appeared; needs the pid
	Effects  Tally     // of its updates of the table

	Total      uint64 // counted since ever, by durable counts and others
	Generation string // in which its process counts, empty if that is not known
	Books      int    // generations that count, its log, and the sum of old ones
	Closed     int    // generations that do not count any more
}

// Updates is how many updates of the table came, repetitions included.
func (s SourceState) Updates() (n uint64) {
	for _, v := range s.Effects {
		n += v
	}
	return n
}

// Sources returns every peer that was ever counted, that is called or was connected,
// by name.
func (s *Server) Sources() []SourceState {
	known := s.keeper.originStates(s.cfg.table())
	s.mu.Lock()
	defer s.mu.Unlock()
	states := make([]SourceState, 0, len(s.sources))
	for _, name := range slices.Sorted(maps.Keys(s.sources)) {
		src := s.sources[name]
		state := known[name]
		state.Name, state.Sessions, state.PID, state.Resync, state.Heard = name, len(src.sessions), src.pid, src.resync(), src.heard
		state.Restarts, state.Effects = src.counters.restarts, src.counters.effects
		states = append(states, state)
	}
	return states
}

// originStates returns what the counts know of the sources of a table.
func (k *keeper) originStates(table string) map[string]SourceState {
	k.mu.Lock()
	defer k.mu.Unlock()
	states := make(map[string]SourceState)
	for key, o := range k.counts.origins {
		if key.table == table {
			state := SourceState{Books: len(o.books), Closed: o.closed}
			if o.current != nil {
				state.Generation = o.current.Generation
			}
			for _, b := range o.books {
				state.Total += b.sum
			}
			states[key.source] = state
		}
	}
	return states
}

// Table is the name of the table that is counted.
func (s *Server) Table() string { return s.cfg.table() }

// Ready returns nil when at least one peer is connected, all that are have told
// everything they know, and what they told can be stored.
func (s *Server) Ready() error {
	if since, err := s.keeper.progress.failure(); err != nil {
		return fmt.Errorf("nothing was committed since %s: %w", since.UTC().Format(time.RFC3339), err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	open := 0
	for name, src := range s.sources {
		for _, f := range src.sessions {
			open++
			if f.resync != resyncFinished {
				return fmt.Errorf("resync with %s: %s", name, f.resync)
			}
		}
	}
	if open == 0 {
		return errors.New("no peer is connected")
	}
	return nil
}
