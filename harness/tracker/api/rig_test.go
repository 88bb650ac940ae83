package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/haproof/haproof/harness/harnesstest/handpeer"
	"github.com/haproof/haproof/harness/harnesstest/realtest"
	"github.com/haproof/haproof/harness/peers"
	"github.com/haproof/haproof/harness/tracker"
)

// patience is how long a test waits for what must come, however busy the machine is.
const patience = 2 * time.Minute

var quota = peers.Definition{ID: 1, Name: "/quota", KeyType: peers.KeyString, KeyLen: 129,
	Fields: []peers.Field{{Type: peers.GPC0, Elements: 1}}}

// rig is a real tracker, and an API that answers for it.
type rig struct {
	t       testing.TB
	tracker *tracker.Server
	api     *API
	addr    string
	client  *http.Client
}

// serving returns a tracker and its API, which run until the test ends. Before that,
// the API may be changed.
func serving(t testing.TB, cfg Config, store tracker.Store, change ...func(*API)) *rig {
	t.Helper()
	if cfg.Tick == 0 {
		cfg.Tick = 20 * time.Millisecond
	}
	server, err := tracker.New(t.Context(), tracker.Config{Name: "tracker", Listen: "127.0.0.1:0", Store: store})
	if err != nil {
		t.Fatal(err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := cfg.Validate(ln.Addr().String()); err != nil {
		t.Fatal(err)
	}
	r := &rig{t: t, tracker: server, api: New(server, cfg), addr: ln.Addr().String(), client: &http.Client{
		Transport:     &http.Transport{},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
	for _, c := range change {
		c(r.api)
	}
	t.Cleanup(r.client.CloseIdleConnections)
	running(t, server.Run)
	running(t, func(ctx context.Context) error { return r.api.Serve(ctx, ln) })
	return r
}

// running runs something until the test ends. What was started last ends first.
func running(t testing.TB, run func(context.Context) error) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- run(ctx) }()
	t.Cleanup(func() {
		cancel()
		select {
		case err := <-done:
			if err != nil {
				t.Errorf("run: %v", err)
			}
		case <-time.After(patience):
			t.Error("did not stop")
		}
	})
}

// peer is a HAProxy driven by hand, whose updates have numbers in order.
type peer struct {
	*handpeer.Peer
	id uint32
}

func (r *rig) call(name string, pid int) *peer {
	r.t.Helper()
	conn, err := net.Dial("tcp", r.tracker.PeersAddr().String())
	if err != nil {
		r.t.Fatal(err)
	}
	return &peer{Peer: handpeer.Greet(r.t, conn, name, pid)}
}

// push says live values of keys and waits until the tracker has acknowledged them.
func (p *peer) push(values ...any) {
	p.id++
	p.Push(p.id, quota, values...)
}

// say is push without the waiting.
func (p *peer) say(values ...any) {
	p.id++
	p.Say(p.id, quota, values...)
}

// ask sends a question with headers, which come as name and value.
func (r *rig) ask(method, path string, headers ...string) (*http.Response, []byte) {
	r.t.Helper()
	req, err := http.NewRequestWithContext(r.t.Context(), method, "http://"+r.addr+path, nil)
	if err != nil {
		r.t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
		if headers[i] == "Host" {
			req.Host = headers[i+1]
		}
	}
	resp, err := r.client.Do(req)
	if err != nil {
		r.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		r.t.Fatalf("%s %s: %v", method, path, err)
	}
	return resp, body
}

// get returns the body of an answer with the wanted status.
func (r *rig) get(status int, path string, headers ...string) []byte {
	r.t.Helper()
	resp, body := r.ask("GET", path, headers...)
	if resp.StatusCode != status {
		r.t.Fatalf("GET %s: got %s %s, want %d", path, resp.Status, body, status)
	}
	return body
}

// getJSON decodes an answer strictly.
func getJSON[T any](r *rig, path string) (value T) {
	r.t.Helper()
	d := json.NewDecoder(strings.NewReader(string(r.get(http.StatusOK, path))))
	d.DisallowUnknownFields()
	if err := d.Decode(&value); err != nil {
		r.t.Fatalf("GET %s: %v", path, err)
	}
	return value
}

// seen waits until lists show a total over all customers.
func (r *rig) seen(total uint64) {
	r.t.Helper()
	realtest.Await(r.t, "lists are up to date", func() error {
		if s := r.api.live.summary(); s.total != total || !s.durable {
			return fmt.Errorf("total %d, durable %v", s.total, s.durable)
		}
		return nil
	})
}

// memory is a tracker.Store in memory, which fails when it is told to.
type memory struct {
	mu     sync.Mutex
	err    error // of Commit and Usage
	names  []string
	growth []tracker.Growth

	entries []tracker.EntryState // what Load restores, of one book
}

var _ tracker.Store = (*memory)(nil)

func (m *memory) fail(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.err = err
}

func (m *memory) Load(_ context.Context, s tracker.State) error {
	var errs []error
	for i, name := range m.names {
		errs = append(errs, s.RestoreCustomer(uint32(i), name))
	}
	if len(m.entries) > 0 {
		errs = append(errs, s.RestoreBook(tracker.BookState{Source: "hap0", Table: "quota", Generation: "1", Live: true}))
	}
	for _, e := range m.entries {
		errs = append(errs, s.RestoreEntry(e))
	}
	return errors.Join(errs...)
}

func (m *memory) Commit(_ context.Context, b *tracker.Batch) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.err == nil {
		m.growth = append(m.growth, b.Growth...)
	}
	return m.err
}

func (m *memory) Usage(_ context.Context, q tracker.UsageQuery, visit func(tracker.Growth) error) error {
	m.mu.Lock()
	all, err := slices.Clone(m.growth), m.err
	m.mu.Unlock()
	if err != nil {
		return err
	}
	slices.SortStableFunc(all, func(a, b tracker.Growth) int {
		if a.Customer != b.Customer {
			return int(a.Customer) - int(b.Customer)
		}
		return int(a.Hour - b.Hour)
	})
	for _, g := range all {
		if g.Hour < q.From || g.Hour >= q.To || q.Customers != nil && !slices.Contains(q.Customers, g.Customer) {
			continue
		}
		if err := visit(g); err != nil {
			return err
		}
	}
	return nil
}

func (m *memory) Remembered(context.Context, time.Time, func(string, time.Time) error) error {
	return nil
}
func (m *memory) Messages(context.Context, int) ([]tracker.Message, error) { return nil, nil }
func (m *memory) Delivered(context.Context, string, time.Time) error       { return nil }
func (m *memory) Close() error                                             { return nil }
