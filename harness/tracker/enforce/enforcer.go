package enforce

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/haproof/haproof/harness/tracker"
	"github.com/haproof/haproof/harness/tracker/plan"
)

// Config says what an Enforcer enforces.
type Config struct {
	Plans plan.Set
	Table Table
	Store Store

	// Crossed is called with the crossings that were committed; may be nil.
	Crossed func([]plan.Crossing)

	// Report is called when a peer cannot be taught; may be nil.
	Report func(source string, err error)
}

// Store is what an Enforcer restores itself from.
type Store interface {
	Usage(ctx context.Context, q tracker.UsageQuery, visit func(tracker.Growth) error) error
	Remembered(ctx context.Context, now time.Time, visit func(id string, until time.Time) error) error
}

// KindCrossing is the kind of the messages that tell of a plan.Crossing.
const KindCrossing = "limit.crossed"

// Enforcer is the tracker.Limits and the tracker.Teacher of a Server.
type Enforcer struct {
	cfg Config
	now func() time.Time

	mu      sync.Mutex
	meter   *plan.Meter
	pending []plan.Crossing // that wait for their commit
	lessons lessons
	moment  *moment  // nil if nobody waits for one
	gap     plan.Gap // whose usage is not known
	filling *filling // of the gap, nil if it is not being read

	reloading  sync.Mutex // held by one who replaces plans or fills the gap; taken before mu
	commitSoon func()     // of the last Replace; as reloading
	fillPause  time.Duration
}

var (
	_ tracker.Limits  = (*Enforcer)(nil)
	_ tracker.Teacher = (*Enforcer)(nil)
)

// New returns an Enforcer that is to be restored before it is used.
func New(cfg Config) (*Enforcer, error) { return newAt(cfg, time.Now) }

func newAt(cfg Config, clock func() time.Time) (*Enforcer, error) {
	if err := cfg.Table.Validate(); err != nil {
		return nil, err
	}
	meter, err := plan.New(cfg.Plans, clock())
	if err != nil {
		return nil, err
	}
	e := &Enforcer{cfg: cfg, now: clock, meter: meter, fillPause: fillPause}
	e.lessons.changed = make(chan struct{})
	return e, nil
}

// Restore reads what the customers with those names, by number, have used, and which
// crossings were told.
func (e *Enforcer) Restore(ctx context.Context, names []string) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if err := e.remember(ctx, e.now()); err != nil {
		return fmt.Errorf("restore limits: %w", err)
	}
	all := tracker.UsageQuery{From: tracker.FirstHour, To: tracker.LastHour}
	err := e.cfg.Store.Usage(ctx, all, func(g tracker.Growth) error { return e.restore(names, g) })
	if err != nil {
		return fmt.Errorf("restore limits: %w", err)
	}
	e.meter.Restored()
	e.tell()
	return nil
}

// remember tells the meter what it has emitted before.
func (e *Enforcer) remember(ctx context.Context, now time.Time) error {
	return e.cfg.Store.Remembered(ctx, now, func(text string, until time.Time) error {
		id, err := plan.ParseID(text)
		if err == nil {
			e.meter.Emitted(id, until)
		}
		return err
	})
}

// restore tells the meter what a customer has used.
func (e *Enforcer) restore(names []string, g tracker.Growth) error {
	if int(g.Customer) >= len(names) {
		return fmt.Errorf("usage of customer %d, who is not known", g.Customer)
	}
	e.meter.Restore(names[g.Customer], g.Hour.Time(), g.N)
	return nil
}

// Grow adds to what customers have used and returns the crossings that follow.
func (e *Enforcer) Grow(now time.Time, names []string, growth []tracker.Growth) []tracker.Message {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.meter.Advance(now)
	e.pause(now, names, growth)
	if e.filling != nil {
		e.filling.note(growth)
	}
	for _, g := range growth {
		e.meter.Grow(names[g.Customer], g.Hour.Time(), g.N)
	}
	var messages []tracker.Message
	e.pending = append(e.pending, e.meter.Take()...)
	for _, c := range e.pending {
		messages = append(messages, message(c))
	}
	return messages
}

// message writes a crossing as JSON. Names that are no text are written as the API
// writes them.
func message(c plan.Crossing) tracker.Message {
	c.Customer = tracker.InText(c.Customer)
	body, err := json.Marshal(c)
	if err != nil {
		panic(fmt.Sprintf("crossing %v cannot be JSON: %v", c.ID, err)) // its types can always be
	}
	return tracker.Message{ID: c.ID.String(), Kind: KindCrossing, Body: body, Created: c.At, Until: c.PeriodEnd}
}

// Committed has HAProxy taught what growth has changed.
func (e *Enforcer) Committed(time.Time) {
	e.mu.Lock()
	e.tell()
	crossed := e.pending
	e.pending = nil
	e.mu.Unlock()
	if len(crossed) > 0 && e.cfg.Crossed != nil {
		e.cfg.Crossed(crossed)
	}
}

// tell passes changes on to those who teach.
func (e *Enforcer) tell() {
	if changes := e.meter.Changes(); len(changes) > 0 {
		e.lessons.add(changes, e.now())
	}
}

// Run releases customers whose periods end, and reads usage that a reload could not
// read, until ctx ends.
func (e *Enforcer) Run(ctx context.Context) {
	var filler sync.WaitGroup
	filler.Go(func() { e.fillLater(ctx) })
	defer filler.Wait()
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			e.mu.Lock()
			e.meter.Advance(e.now())
			e.tell()
			e.mu.Unlock()
		}
	}
}

// States visits how customers with a plan stand, in the order of their names.
func (e *Enforcer) States() iter.Seq[plan.State] {
	e.mu.Lock()
	e.meter.Advance(e.now())
	states := slices.Collect(e.meter.States())
	e.mu.Unlock()
	slices.SortFunc(states, func(a, b plan.State) int { return strings.Compare(a.Customer, b.Customer) })
	return slices.Values(states)
}

// State returns how a customer stands; false if it has no plan.
func (e *Enforcer) State(customer string) (plan.State, bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.meter.Advance(e.now())
	return e.meter.State(customer)
}
