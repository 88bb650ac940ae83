package tracker

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/haproof/haproof/harness/harnesstest/realtest"
	"github.com/haproof/haproof/harness/peers"
)

var errDisk = errors.New("no space left on device")

// memory is a Store in memory that fails when it is told to.
type memory struct {
	mu     sync.Mutex
	model  *model
	broken bool
	half   bool // commits and says that it has not
	last   *Batch
	tries  int
	tried  chan struct{} // gets one for each try, if anybody listens
}

func newMemory() *memory { return &memory{model: newModel(), tried: make(chan struct{}, 1)} }

func (m *memory) Load(_ context.Context, s State) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.model.load(s)
}

// Commit takes a batch that it is given again for the one that it has.
func (m *memory) Commit(_ context.Context, b *Batch) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.tries++
	select {
	case m.tried <- struct{}{}:
	default:
	}
	if m.broken {
		return errDisk
	}
	if m.last == nil || m.last.ticket != b.ticket || !m.last.At.Equal(b.At) {
		if err := m.model.apply(b); err != nil {
			return err
		}
		taken := *b
		m.last = &taken
	}
	if m.half {
		return errDisk
	}
	return nil
}

func (m *memory) set(broken, half bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.broken, m.half = broken, half
}

func (m *memory) stored() map[string]uint64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.model.total()
}

func (m *memory) Usage(context.Context, UsageQuery, func(Growth) error) error { return nil }
func (m *memory) Remembered(context.Context, time.Time, func(string, time.Time) error) error {
	return nil
}
func (m *memory) Messages(context.Context, int) ([]Message, error)   { return nil, nil }
func (m *memory) Delivered(context.Context, string, time.Time) error { return nil }
func (m *memory) Close() error                                       { return nil }

func TestServerAcknowledgesOnlyWhatIsDurable(t *testing.T) {
	store := newMemory()
	store.set(true, false)
	s := serving(t, Config{Store: store})
	p := call(t, s, "proxy1", 1)
	p.Say(1, quota, "a|1", 5)
	for range 3 { // the same batch, again and again
		<-store.tried
	}
	if len(p.Acks) != 0 {
		t.Error("acknowledged what is not durable")
	}
	if err := s.Ready(); !errors.Is(err, errDisk) {
		t.Errorf("ready: %v, want why not", err)
	}
	if got := s.Statistics().Commits; got.Commits != 0 || got.Failures < 2 { // the third may be under way
		t.Errorf("commits: %+v, want failures only", got)
	}
	store.set(false, false)
	p.Acked(1, quota)
	if got := store.stored()["a"]; got != 5 {
		t.Errorf("stored %d, want 5", got)
	}
	store.set(true, false) // until the session has given up
	p.Say(2, quota, "a|1", 6)
	realtest.Until(t, "counted", func() bool {
		got, err := s.Totals(t.Context(), Totals{}) // it waits
		return errors.Is(err, errDisk) && got.Total == 6
	})
	store.set(false, false)
}

func TestServerDoesNotCountTwiceWhatWasDurableAfterAll(t *testing.T) {
	store := newMemory()
	store.set(false, true)
	s := serving(t, Config{Store: store})
	p := call(t, s, "proxy1", 1)
	p.Say(1, quota, "a|1", 5)
	<-store.tried
	<-store.tried
	p.Say(2, quota, "a|1", 7)
	store.set(false, false)
	want := map[string]uint64{"a": 7}
	deadline := time.After(patience)
	for !cmp.Equal(store.stored(), want) {
		select {
		case <-p.Acks:
		case <-deadline:
			t.Fatalf("stored %v, want %v", store.stored(), want)
		}
	}
}

func TestServerGivesASessionUpWhoseCountsCannotBeStored(t *testing.T) {
	store := newMemory()
	store.set(true, false)
	ended := make(chan Event, 10)
	s := serving(t, Config{Store: store, Report: func(e Event) { ended <- e }})
	call(t, s, "proxy1", 1).Say(1, quota, "a|1", 5)
	<-ended // session opened
	select {
	case e := <-ended:
		if !errors.Is(e.Err, errDisk) {
			t.Errorf("ended with %v, want the store's error", e.Err)
		}
	case <-time.After(patience):
		t.Fatal("the session goes on")
	}
	store.set(false, false)
}

func TestServerCommitsEverythingBeforeItStops(t *testing.T) {
	store := newMemory()
	s, err := New(t.Context(), Config{Name: "tracker", Listen: "127.0.0.1:0", Store: store})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	p := call(t, s, "proxy1", 1)
	for id := range uint32(1000) {
		p.Say(id+1, quota, "a|1", int(id)+1)
	}
	<-p.Acks // it is in the middle of it
	cancel()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	got, err := s.Totals(context.WithoutCancel(ctx), Totals{})
	if err != nil || store.stored()["a"] != got.Total {
		t.Errorf("stored %v, counted %d: %v", store.stored(), got.Total, err)
	}
}

func TestServerGoesOnFromWhatWasStored(t *testing.T) {
	store := newMemory()
	t.Run("first", func(t *testing.T) {
		s := serving(t, Config{Store: store})
		call(t, s, "proxy1", 1).Push(1, quota, "a|1", 5, "b|1", 1)
	})
	s := serving(t, Config{Store: store})
	if got := s.Sources(); len(got) != 1 || got[0].Name != "proxy1" || got[0].Total != 6 || !got[0].Heard.IsZero() {
		t.Errorf("sources: %+v, want proxy1, not heard yet", got)
	}
	call(t, s, "proxy1", 1).Push(1, quota, "a|1", 7, "b|1", 1)
	if got, want := totals(t, s), (map[string]uint64{"a": 7, "b": 1}); !cmp.Equal(got, want) {
		t.Error(cmp.Diff(want, got))
	}
}

func TestServerAdmitsOnlyItsSources(t *testing.T) {
	said := make(chan Event, 10)
	s := serving(t, Config{Sources: []string{"proxy1"}, Report: func(e Event) { said <- e }})
	stranger := call(t, s, "proxy1", 1)
	stranger.Push(1, quota, "a|1", 1)
	<-said
	conn := dialPeers(t, s)
	if _, err := conn.Write(peers.Hello{Major: 2, Minor: 1, To: "tracker", From: "proxy2"}.AppendTo(nil)); err != nil {
		t.Fatal(err)
	}
	if e := <-said; !errors.Is(e.Err, peers.StatusUnknownPeer) {
		t.Errorf("reported %+v, want %v", e, peers.StatusUnknownPeer)
	}
	if got := s.Sources(); len(got) != 1 {
		t.Errorf("sources: %+v, want one", got)
	}
}

func TestServerSaysWhyItDoesNotCount(t *testing.T) {
	said := make(chan Event, 10)
	s := serving(t, Config{Report: func(e Event) { said <- e }})
	p := call(t, s, "proxy1", 1)
	p.Push(1, quota, "a", 1, "b", 1)
	p.Push(2, quota, "c", 1)
	<-said // session opened
	if e := <-said; e.Source != "proxy1" || !strings.Contains(e.Err.Error(), `key "a": key without a generation`) {
		t.Errorf("reported %+v, want the key and why", e)
	}
	if len(said) > 0 {
		t.Errorf("reported it again: %+v", <-said)
	}
}

func TestServerCountsWhatASessionSaidBeforeItBroke(t *testing.T) {
	s := serving(t, Config{})
	p := call(t, s, "proxy1", 1)
	u := peers.Update{Table: &quota, ID: 1, Key: []byte("a|1"), Values: []uint64{5}}
	p.Write(append(u.AppendTo(quota.AppendTo(nil)), bytes.Repeat([]byte{0xff}, 32)...))
	for range p.Acks { // until it ends
	}
	realtest.Until(t, "what it said is counted", func() bool { return totals(t, s)["a"] == 5 })
}

func TestServerWithPlainKeysWaitsUntilAllIsTold(t *testing.T) {
	s := serving(t, Config{Keys: PlainKeys})
	p := call(t, s, "proxy1", 1)
	p.Write(peers.ResyncRequest.AppendTo(nil))
	p.Push(1, quota, "a", 5)
	if got := totals(t, s)["a"]; got != 5 {
		t.Errorf("counted %d, want 5", got)
	}
	p.Push(2, quota, "a", 3)
	if got := s.Sources()[0].Effects; got != (Tally{Grown: 1, Delayed: 1}) {
		t.Errorf("effects: %v", got)
	}
}

func TestConfigRefusesPlainKeysWithoutResync(t *testing.T) {
	cfg := Config{Name: "tracker", Listen: "127.0.0.1:0", Keys: PlainKeys, Peers: peers.Config{ResyncEvery: -1}}
	if err := cfg.Validate(); err == nil || !strings.Contains(err.Error(), "resync is never") {
		t.Errorf("got %v", err)
	}
	cfg.Keys = "fancy"
	if err := cfg.Validate(); err == nil || !strings.Contains(err.Error(), `keys "fancy": must be generation or plain`) {
		t.Errorf("got %v", err)
	}
}
