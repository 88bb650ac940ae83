package enforce

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/haproof/haproof/harness/peers"
	"github.com/haproof/haproof/harness/tracker"
	"github.com/haproof/haproof/harness/tracker/plan"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// patience is how long a test waits for what must come, however busy the machine is.
const patience = 2 * time.Minute

var customers = []string{"a", "b", "c\xff"}

// limited has a plan of 10 per hour, that denies, for everybody.
func limited(most uint64) plan.Set {
	return plan.Set{Default: "small", Plans: []plan.Plan{{
		Name: "small", Deny: true, Warn: []int{50}, Limits: []plan.Limit{{Period: plan.Hour, Max: most}},
	}}}
}

// memory is the store of one test.
type memory struct {
	mu       sync.Mutex
	usage    []tracker.Growth
	messages []tracker.Message
	broken   error  // what Usage ends with after the first row
	reading  func() // called in the middle of what is asked from FirstHour; may be nil
}

func (m *memory) add(growth []tracker.Growth, messages []tracker.Message) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.usage = append(m.usage, growth...)
	m.messages = append(m.messages, messages...)
}

func (m *memory) fail(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.broken = err
}

// Usage sees what is added while it runs, as that of a store may.
func (m *memory) Usage(_ context.Context, q tracker.UsageQuery, visit func(tracker.Growth) error) error {
	for i := 0; ; i++ {
		m.mu.Lock()
		usage, broken := m.usage, m.broken
		m.mu.Unlock()
		if i == len(usage) {
			return nil
		}
		if g := usage[i]; g.Hour >= q.From && g.Hour < q.To {
			if err := visit(g); err != nil || broken != nil {
				return errors.Join(err, broken)
			}
		}
		if i == 0 && q.From == tracker.FirstHour && m.reading != nil {
			m.reading()
		}
	}
}

func (m *memory) Remembered(_ context.Context, now time.Time, visit func(string, time.Time) error) error {
	for _, message := range m.messages {
		if message.Until.IsZero() || message.Until.After(now) {
			if err := visit(message.ID, message.Until); err != nil {
				return err
			}
		}
	}
	return nil
}

// rig is an Enforcer with a clock and a store of its own.
type rig struct {
	t     *testing.T
	now   time.Time
	mu    sync.Mutex
	store *memory
	*Enforcer
}

func newRig(t *testing.T, plans plan.Set, store *memory) *rig {
	r := &rig{t: t, now: noon, store: store}
	cfg := Config{Plans: plans, Table: Table{Name: "plan", Length: 64, Refresh: time.Hour}, Store: store,
		Report: func(source string, err error) { t.Errorf("%s: %v", source, err) }}
	e, err := newAt(cfg, r.clock)
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Restore(t.Context(), customers); err != nil {
		t.Fatal(err)
	}
	r.Enforcer = e
	return r
}

func (r *rig) clock() time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.now
}

func (r *rig) advance(d time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.now = r.now.Add(d)
}

// grow commits growth, as a Server does, and returns the percentages that were crossed.
func (r *rig) grow(customer uint32, n uint64) (crossed []int) {
	return r.growIn(tracker.HourOf(r.clock()), customer, n)
}

// growIn is grow in an hour that may be over.
func (r *rig) growIn(hour tracker.Hour, customer uint32, n uint64) (crossed []int) {
	for _, m := range r.commit(tracker.Growth{Customer: customer, Hour: hour, N: n}) {
		var c plan.Crossing
		if err := json.Unmarshal(m.Body, &c); err != nil {
			r.t.Fatal(err)
		}
		crossed = append(crossed, c.Percent)
	}
	return crossed
}

// commit does what a Server does with a batch.
func (r *rig) commit(growth ...tracker.Growth) []tracker.Message {
	messages := r.Grow(r.clock(), customers, growth)
	r.store.add(growth, messages)
	r.Committed(r.clock())
	return messages
}

// commitSoon commits at once.
func (r *rig) commitSoon() { r.commit() }

// proxy is the other end of a session: it remembers who is denied.
type proxy struct {
	mu      sync.Mutex
	denied  map[string]uint64
	changed chan struct{}
}

func (p *proxy) Update(u *peers.Update) {
	p.mu.Lock()
	defer p.mu.Unlock()
	v, _ := u.Uint(peers.GPT0)
	p.denied[u.Table.Name+" "+string(u.Key)] = v
}

func (p *proxy) Control(peers.Control) {}

func (p *proxy) Commit() error {
	select {
	case p.changed <- struct{}{}:
	default:
	}
	return nil
}

// await waits until exactly that is known to be denied or released.
func (p *proxy) await(t *testing.T, want map[string]uint64) {
	t.Helper()
	deadline := time.After(patience)
	for {
		p.mu.Lock()
		got := maps.Clone(p.denied)
		p.mu.Unlock()
		if cmp.Equal(got, want) {
			return
		}
		select {
		case <-p.changed:
		case <-deadline:
			t.Fatalf("within %v: %s", patience, cmp.Diff(want, got))
		}
	}
}

// connect has a proxy taught until the test ends.
func (r *rig) connect() *proxy {
	p := &proxy{denied: map[string]uint64{}, changed: make(chan struct{}, 1)}
	ctx, cancel := context.WithCancel(r.t.Context())
	ours, theirs := r.wire()
	var all sync.WaitGroup
	r.t.Cleanup(func() { cancel(); all.Wait() })
	all.Go(func() {
		s, err := peers.Call(ctx, theirs, peers.Config{Name: "hap1"}, "tracker")
		if err == nil {
			_ = s.Run(ctx, p) // ends with the test
		}
	})
	all.Go(func() {
		s, err := peers.Accept(ctx, ours, peers.Config{Name: "tracker"}, func(peers.Hello) peers.Status { return peers.StatusOK })
		if err != nil {
			r.t.Error(err)
			return
		}
		all.Go(func() { r.Teach(ctx, s) })
		_ = s.Run(ctx, &proxy{denied: map[string]uint64{}, changed: make(chan struct{}, 1)})
	})
	return p
}

// wire is a connection over the loopback: its buffers let both ends write at once.
func (r *rig) wire() (accepted, dialled net.Conn) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		r.t.Fatal(err)
	}
	defer ln.Close()
	if dialled, err = net.Dial("tcp", ln.Addr().String()); err != nil {
		r.t.Fatal(err)
	}
	if accepted, err = ln.Accept(); err != nil {
		r.t.Fatal(err)
	}
	return accepted, dialled
}

func TestWhoReachesALimitIsDeniedUntilThePeriodEnds(t *testing.T) {
	r := newRig(t, limited(10), &memory{})
	p := r.connect()
	if got := r.grow(0, 4); got != nil {
		t.Errorf("4 of 10: crossed %v", got)
	}
	if got := r.grow(0, 5); !cmp.Equal(got, []int{50}) {
		t.Errorf("9 of 10: crossed %v, want 50", got)
	}
	if got := r.grow(0, 1); !cmp.Equal(got, []int{100}) {
		t.Errorf("10 of 10: crossed %v, want 100", got)
	}
	p.await(t, map[string]uint64{"/plan a": 1})
	r.grow(1, 9)
	r.grow(2, 12)
	p.await(t, map[string]uint64{"/plan a": 1, "/plan c\xff": 1})

	late := r.connect()
	late.await(t, map[string]uint64{"/plan a": 1, "/plan c\xff": 1})

	r.advance(time.Hour)
	r.grow(1, 1) // time is looked at
	p.await(t, map[string]uint64{"/plan a": 0, "/plan c\xff": 0})
	back := r.connect()
	back.await(t, map[string]uint64{"/plan a": 0, "/plan c\xff": 0})
}

func TestWhatWasUsedAndToldSurvivesARestart(t *testing.T) {
	store := &memory{}
	r := newRig(t, limited(10), store)
	r.grow(0, 9)
	r.grow(1, 10)
	r = newRig(t, limited(10), store)
	r.connect().await(t, map[string]uint64{"/plan b": 1})
	if got := r.grow(1, 1); got != nil {
		t.Errorf("already told: crossed %v again", got)
	}
	if got := r.grow(0, 1); !cmp.Equal(got, []int{100}) {
		t.Errorf("10 of 10 over a restart: crossed %v, want 100", got)
	}
	if len(store.messages) != 4 {
		t.Errorf("got %d messages, want 4: two for each", len(store.messages))
	}
}

func TestReloadedPlansHoldFromTheNextCommit(t *testing.T) {
	store := &memory{}
	r := newRig(t, plan.Set{}, store)
	p := r.connect()
	r.grow(0, 10)
	replace := func(set plan.Set) {
		t.Helper()
		if err := r.Replace(t.Context(), set, r.commitSoon); err != nil {
			t.Fatal(err)
		}
	}
	replace(limited(10))
	p.await(t, map[string]uint64{"/plan a": 1})
	replace(limited(20))
	p.await(t, map[string]uint64{"/plan a": 0})
	replace(limited(5))
	p.await(t, map[string]uint64{"/plan a": 1})
	replace(plan.Set{})
	p.await(t, map[string]uint64{"/plan a": 0})
	if err := r.Replace(t.Context(), plan.Set{Default: "nobody"}, func() {}); err == nil {
		t.Error("a plan that does not exist: got no error")
	}
}
