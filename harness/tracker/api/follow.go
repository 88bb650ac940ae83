package api

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/haproof/haproof/harness/tracker"
	"github.com/haproof/haproof/harness/tracker/plan"
)

// lookShare is how much longer than a look the pause after it is, at least.
const lookShare = 50

// follow looks at the totals once per tick and tells what has changed.
func (a *API) follow(ctx context.Context) {
	told := a.states()
	timer := time.NewTimer(a.cfg.Tick)
	defer timer.Stop()
	for {
		select {
		case <-timer.C:
		case <-ctx.Done():
			return
		}
		changed, ok := a.look(ctx)
		if ok && changed.customers > 0 {
			a.events.add("counts", a.live.event(changed))
		}
		told = a.tell(told)
		timer.Reset(max(a.cfg.Tick, lookShare*a.live.effort))
	}
}

// look takes in the totals. It is false if ctx ended.
func (a *API) look(ctx context.Context) (changes, bool) {
	now := time.Now()
	next, err := a.server.Totals(ctx, a.live.free())
	if ctx.Err() != nil {
		return changes{}, false
	}
	return a.live.see(next, err == nil, now), true
}

// free returns totals in whose slice the next look may be.
func (l *live) free() tracker.Totals {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.spare
}

// CountsEvent tells which totals have grown since the event before it.
type CountsEvent struct {
	At        time.Time       `json:"at"`
	Total     uint64          `json:"total"`     // of all customers
	Growth    uint64          `json:"growth"`    // of all customers
	Customers []CustomerEvent `json:"customers"` // those that grew most, at most 500
	Others    int             `json:"others"`    // how many grew that are not listed
}

// CustomerEvent is one customer of a CountsEvent.
type CustomerEvent struct {
	Customer string `json:"customer"`
	Total    uint64 `json:"total"`
	Growth   uint64 `json:"growth"`
}

func (l *live) event(c changes) CountsEvent {
	l.mu.RLock()
	defer l.mu.RUnlock()
	e := CountsEvent{
		At: l.at.UTC(), Total: l.totals.Total, Growth: c.growth,
		Customers: make([]CustomerEvent, len(c.most)), Others: c.customers - len(c.most),
	}
	for i, m := range c.most {
		e.Customers[i] = CustomerEvent{tracker.InText(l.totals.Names[m.customer]), l.totals.Each[m.customer], m.growth}
	}
	return e
}

// SourceEvent tells that a source connected, restarted, or went on in its resync.
type SourceEvent struct {
	Source   string `json:"source"`
	Sessions int    `json:"sessions"`
	PID      int    `json:"pid"`
	Resync   string `json:"resync"`
}

// StoreEvent tells that commits fail, or succeed again.
type StoreEvent struct {
	OK    bool       `json:"ok"`
	Since *time.Time `json:"since,omitempty"` // when commits began to fail
	Error string     `json:"error,omitempty"`
}

// states is what events were told about last.
type states struct {
	sources map[string]SourceEvent
	store   StoreEvent
}

func (a *API) states() states {
	s := states{sources: make(map[string]SourceEvent), store: StoreEvent{OK: true}}
	for _, state := range a.server.Sources() {
		s.sources[state.Name] = SourceEvent{state.Name, state.Sessions, state.PID, state.Resync}
	}
	if since, err := a.server.StoreFailure(); err != nil {
		since = since.UTC()
		s.store = StoreEvent{Since: &since, Error: err.Error()}
	}
	return s
}

// tell adds events for what is not as it was told.
func (a *API) tell(told states) states {
	is := a.states()
	for _, name := range slices.Sorted(maps.Keys(is.sources)) {
		if before, ok := told.sources[name]; !ok || before != is.sources[name] {
			a.events.add("source", is.sources[name])
		}
	}
	if is.store.OK != told.store.OK {
		a.events.add("store", is.store)
	}
	return is
}

// LimitEvent tells that a customer reached a threshold of a limit.
type LimitEvent struct {
	ID          string    `json:"id"`
	Customer    string    `json:"customer"`
	Plan        string    `json:"plan"`
	Period      string    `json:"period"`
	PeriodStart time.Time `json:"periodStart,omitzero"` // none for total
	PeriodEnd   time.Time `json:"periodEnd,omitzero"`
	Limit       uint64    `json:"limit"`
	Used        uint64    `json:"used"`
	Percent     int       `json:"percent"` // of the limit; 100 is the limit itself
	Deny        bool      `json:"deny"`
	At          time.Time `json:"at"`
}

func crossingOf(c plan.Crossing) LimitEvent {
	return LimitEvent{
		ID: c.ID.String(), Customer: tracker.InText(c.Customer), Plan: c.Plan, Period: c.Period.String(),
		PeriodStart: c.PeriodStart, PeriodEnd: c.PeriodEnd, Limit: c.Limit, Used: c.Used,
		Percent: c.Percent, Deny: c.Deny, At: c.At,
	}
}
