package webhook

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"
)

func hexOf(b []byte) string { return hex.EncodeToString(b) }

// patience is how long a test waits for what must happen.
const patience = 2 * time.Minute

// box is an Outbox in memory.
type box struct {
	mu       sync.Mutex
	changed  chan struct{} // closed at every change
	waiting  []Message
	calls    int
	failures int // of calls to come
	told     int // calls of Delivered
}

func newBox(messages ...Message) *box { return &box{waiting: messages, changed: make(chan struct{})} }

var errBox = errors.New("the disk is full")

func (b *box) Undelivered(_ context.Context, limit int) ([]Message, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.calls++
	if err := b.fault(); err != nil {
		return nil, err
	}
	return slices.Clone(b.waiting[:min(limit, len(b.waiting))]), nil
}

func (b *box) Delivered(_ context.Context, id string, _ time.Time) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.told++
	if err := b.fault(); err != nil {
		return err
	}
	b.waiting = slices.DeleteFunc(b.waiting, func(m Message) bool { return m.ID == id })
	b.note()
	return nil
}

func (b *box) fault() error {
	if b.failures == 0 {
		return nil
	}
	b.failures--
	return errBox
}

func (b *box) note() {
	close(b.changed)
	b.changed = make(chan struct{})
}

func (b *box) add(messages ...Message) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.waiting = append(b.waiting, messages...)
}

// left returns the IDs of those that wait.
func (b *box) left() (ids []string, changed <-chan struct{}) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, m := range b.waiting {
		ids = append(ids, m.ID)
	}
	return ids, b.changed
}

// awaitLeft waits until just these wait.
func (b *box) awaitLeft(t *testing.T, want ...string) {
	t.Helper()
	deadline := time.After(patience)
	for {
		ids, changed := b.left()
		if slices.Equal(ids, want) {
			return
		}
		select {
		case <-changed:
		case <-deadline:
			t.Fatalf("%d messages wait, want %d: %.200v", len(ids), len(want), ids)
		}
	}
}

// messages of so many customers in turn: 0000 is the first of c0.
func messages(n, customers int) (all []Message) {
	for i := range n {
		all = append(all, message(fmt.Sprintf("%04d", i), fmt.Sprintf("c%d", i%customers)))
	}
	return all
}

func message(id, customer string) Message {
	return Message{ID: id, Kind: "limit.crossed", Created: time.Now(), Body: fmt.Appendf(nil, `{"id":%q,"customer":%q}`, id, customer)}
}

// receiver verifies and remembers what arrives.
type receiver struct {
	t      *testing.T
	answer func(w http.ResponseWriter, id string, nth int) // 204 if nil

	mu       sync.Mutex
	attempts map[string]int
	order    []string // IDs in the order in which they were answered 2xx first
	most     int      // attempts at a time
	now      int
}

func newReceiver(t *testing.T, answer func(w http.ResponseWriter, id string, nth int)) *receiver {
	return &receiver{t: t, answer: answer, attempts: map[string]int{}}
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	payload, err := io.ReadAll(req.Body)
	if err != nil {
		r.t.Errorf("read the body: %v", err)
	}
	if err := Verify(req.Header.Get("Haproof-Signature"), payload, secret, 0, time.Now()); err != nil {
		r.t.Errorf("signature of %s: %v", payload, err)
	}
	id := req.Header.Get("Idempotency-Key")
	if want := fmt.Sprintf(`{"id":%q,`, id); string(payload[:min(len(want), len(payload))]) != want {
		r.t.Errorf("message %s has the body %s", id, payload)
	}
	if req.Method != "POST" || req.Header.Get("Content-Type") != "application/json" || req.Header.Get("Haproof-Event") != "limit.crossed" {
		r.t.Errorf("%s with headers %v", req.Method, req.Header)
	}
	r.mu.Lock()
	r.attempts[id]++
	nth := r.attempts[id]
	r.now++
	r.most = max(r.most, r.now)
	r.mu.Unlock()
	defer func() {
		r.mu.Lock()
		r.now--
		r.mu.Unlock()
	}()
	status := &statusWriter{ResponseWriter: w, status: 200}
	if r.answer != nil {
		r.answer(status, id, nth)
	}
	if status.status/100 == 2 {
		r.mu.Lock()
		if !slices.Contains(r.order, id) {
			r.order = append(r.order, id)
		}
		r.mu.Unlock()
	}
}

func (r *receiver) attemptsOf(id string) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.attempts[id]
}

// arrived returns the IDs in the order in which they did.
func (r *receiver) arrived() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.order)
}

type statusWriter struct {
	http.ResponseWriter
	status int
}

func (w *statusWriter) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

// serve listens on the loopback until the test ends.
func serve(t *testing.T, h http.Handler) string {
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return server.URL
}

// quick is a configuration with pauses that a test can wait for.
func quick(url string, b Outbox) Config {
	return Config{URL: url, Secret: secret, Outbox: b, RetryMin: time.Millisecond, RetryMax: 8 * time.Millisecond}
}

// run runs a Sender until the test ends, or stop is called. What is in Stats is sure
// only then.
func run(t *testing.T, cfg Config) (s *Sender, stop func()) {
	t.Helper()
	s, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	stop = start(s)
	t.Cleanup(stop)
	return s, stop
}

// start runs a Sender until stop is called, which waits for its end.
func start(s *Sender) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.Run(ctx)
	}()
	return func() {
		cancel()
		<-done
	}
}

// failures collects reports.
type failures struct {
	mu   sync.Mutex
	all  []Failure
	come chan struct{} // has room for one
}

func newFailures() *failures { return &failures{come: make(chan struct{}, 1)} }

func (f *failures) report(failure Failure) {
	f.mu.Lock()
	f.all = append(f.all, failure)
	f.mu.Unlock()
	select {
	case f.come <- struct{}{}:
	default:
	}
}

// await returns the first failure that is wanted.
func (f *failures) await(t *testing.T, wanted func(Failure) bool) Failure {
	t.Helper()
	deadline := time.After(patience)
	for {
		f.mu.Lock()
		i := slices.IndexFunc(f.all, wanted)
		if i >= 0 {
			defer f.mu.Unlock()
			return f.all[i]
		}
		f.mu.Unlock()
		select {
		case <-f.come:
		case <-deadline:
			t.Fatalf("not reported; reported is %.500v", f.all)
		}
	}
}
