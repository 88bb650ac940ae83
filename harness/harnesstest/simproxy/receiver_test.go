package simproxy

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"math/big"
	mathrand "math/rand/v2"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/haproof/haproof/harness/peers"
)

// receiver is the receiving side of package peers with the simplest counting there
// is: sessions of one peer one after the other, a smaller live value is a new life.
type receiver struct {
	cfg peers.Config

	mu     sync.Mutex
	peers  map[string]*sync.Mutex // held by the session of that peer
	lives  map[string]*life       // by peer and key
	hold   bool                   // acknowledge nothing
	commit *sync.Cond
}

type life struct{ base, last uint64 }

type hearing struct {
	r    *receiver
	from string
}

func newReceiver(t testing.TB, ln net.Listener) *receiver {
	t.Helper()
	r := &receiver{cfg: peers.Config{Name: "tracker"}, peers: map[string]*sync.Mutex{}, lives: map[string]*life{}}
	r.commit = sync.NewCond(&r.mu)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() {
		done <- peers.Serve(ctx, ln, 1000, func(conn net.Conn) func(context.Context) {
			return func(ctx context.Context) { r.serve(ctx, conn) }
		})
	}()
	t.Cleanup(func() {
		cancel()
		r.holdCommits(false)
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return r
}

func (r *receiver) serve(ctx context.Context, conn net.Conn) {
	s, err := peers.Accept(ctx, conn, r.cfg, func(peers.Hello) peers.Status { return peers.StatusOK })
	if err != nil {
		return // the process calls again
	}
	from := s.Peer().From
	r.mu.Lock()
	turn, ok := r.peers[from]
	if !ok {
		turn = new(sync.Mutex)
		r.peers[from] = turn
	}
	r.mu.Unlock()
	turn.Lock()
	defer turn.Unlock()
	_ = s.Run(ctx, hearing{r, from}) // processes go without a word
}

func (h hearing) Update(u *peers.Update) {
	h.r.mu.Lock()
	defer h.r.mu.Unlock()
	key := h.from + "/" + string(u.Key)
	l, ok := h.r.lives[key]
	if !ok {
		l = new(life)
		h.r.lives[key] = l
	}
	v := u.Values[0]
	if v < l.last && u.Timed {
		return
	}
	if v < l.last {
		l.base += l.last
	}
	l.last = v
}

func (h hearing) Control(peers.Control) {}

func (h hearing) Commit() error {
	h.r.mu.Lock()
	defer h.r.mu.Unlock()
	for h.r.hold {
		h.r.commit.Wait()
	}
	return nil
}

func (r *receiver) holdCommits(on bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.hold = on
	r.commit.Broadcast()
}

// totals are by customer, over all peers.
func (r *receiver) totals() map[string]uint64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := map[string]uint64{}
	for key, l := range r.lives {
		_, key, _ := bytes.Cut([]byte(key), []byte{'/'})
		customer, _, _ := bytes.Cut(key, []byte{'|'})
		all[string(customer)] += l.base + l.last
	}
	return all
}

// keys is how many there are, over all peers.
func (r *receiver) keys() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.lives)
}

// atMost says which customers have more in low than in high.
func atMost(low, high map[string]uint64) error {
	for customer, n := range low {
		if n > high[customer] {
			return fmt.Errorf("customer %s: %d is more than %d", customer, n, high[customer])
		}
	}
	return nil
}

// What the receiver shows lies between Acked and Truth at any time, and is Truth once
// the process is idle, whatever happens to it short of losing its table.
func TestReceiverCountsTheTruth(t *testing.T) {
	const seed = 20
	random := mathrand.New(mathrand.NewPCG(seed, 0))
	ln := listening(t)
	r := newReceiver(t, ln)
	cfg := settings(ln)
	cfg.FirstID = 1<<32 - 100
	p := New(cfg)
	running(t, p)
	for step := range 3000 {
		switch n := random.IntN(1000); {
		case n < 5:
			p.Cut()
		case n < 8:
			if err := p.Idle(patient(t)); err != nil {
				t.Fatal(err)
			}
			p = p.Reload(fmt.Sprint(step))
			running(t, p)
		case n < 20:
			acked := p.Acked(0)
			got := r.totals()
			if err := atMost(acked, got); err != nil {
				t.Fatalf("seed %d, step %d: acknowledged and not counted: %v", seed, step, err)
			}
			if err := atMost(got, p.Truth()); err != nil {
				t.Fatalf("seed %d, step %d: counted too much: %v", seed, step, err)
			}
		default:
			p.Inc(Customer(random.IntN(10)), 1+random.IntN(3))
		}
	}
	if err := p.Idle(patient(t)); err != nil {
		t.Fatal(err)
	}
	for what, got := range map[string]map[string]uint64{"counted": r.totals(), "acknowledged": p.Acked(0)} {
		if diff := cmp.Diff(p.Truth(), got); diff != "" {
			t.Errorf("seed %d: %s: %s", seed, what, diff)
		}
	}
}

func TestNothingIsAckedThatWasNotCommitted(t *testing.T) {
	ln := listening(t)
	r := newReceiver(t, ln)
	p := running(t, New(settings(ln)))
	p.Inc("a", 1)
	if err := p.Idle(patient(t)); err != nil {
		t.Fatal(err)
	}
	r.holdCommits(true)
	p.Inc("a", 1)
	awaitTrue(t, "second update", func() bool { return r.totals()["a"] == 2 })
	if got := p.Acked(0)["a"]; got != 1 {
		t.Errorf("acknowledged: got %d, want 1", got)
	}
	short, cancel := context.WithTimeout(context.Background(), time.Millisecond)
	defer cancel()
	if err := p.Idle(short); err == nil {
		t.Error("idle before the commit")
	}
	r.holdCommits(false)
	if err := p.Idle(patient(t)); err != nil {
		t.Fatal(err)
	}
	if got := p.Acked(0)["a"]; got != 2 {
		t.Errorf("acknowledged: got %d, want 2", got)
	}
}

func TestFleetFloodsExactly(t *testing.T) {
	ln := listening(t)
	r := newReceiver(t, ln)
	want := map[string]uint64{}
	var floods sync.WaitGroup
	fleet := Fleet(4, settings(ln))
	for _, p := range fleet {
		running(t, p)
		floods.Go(func() {
			if err := p.Flood(patient(t), 100, 20_000); err != nil {
				t.Error(err)
			}
		})
	}
	floods.Wait()
	sum, sent := uint64(0), uint64(0)
	for _, p := range fleet {
		for customer, n := range p.Truth() {
			want[customer] += n
			sum += n
		}
		sent += p.Sent()
	}
	if diff := cmp.Diff(want, r.totals()); diff != "" {
		t.Error(diff)
	}
	if sum != 80_000 || sent < 4*100 || sent > sum {
		t.Errorf("%d increments in %d updates, want 80000 in no more than that", sum, sent)
	}
}

func TestPaceKeepsItsRateAndSamples(t *testing.T) {
	ln := listening(t)
	r := newReceiver(t, ln)
	p := running(t, New(settings(ln)))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	start := time.Now()
	var samples []Sample
	p.Pace(ctx, 10, 10_000, 10*time.Millisecond, func(s Sample) {
		if samples = append(samples, s); len(samples) == 20 {
			cancel()
		}
	})
	if err := p.Idle(patient(t)); err != nil {
		t.Fatal(err)
	}
	if len(samples) < 20 || samples[0].At.Before(start) {
		t.Fatalf("got %d samples, the first of before the start: %+v", len(samples), samples)
	}
	for i, s := range samples {
		if after := s.At.Sub(samples[0].At); s.Customer != "probe-hap1" || s.Count != uint64(i+1) || after != time.Duration(i)*10*time.Millisecond {
			t.Errorf("sample %d: got %+v, %v after the first", i, s, after)
		}
	}
	sum := uint64(0)
	for _, n := range p.Truth() {
		sum += n
	}
	if sum < 1900+20 { // 190 ms or more at 10 per millisecond
		t.Errorf("%d increments, want 1900 and 20 samples at least", sum)
	}
	if diff := cmp.Diff(p.Truth(), r.totals()); diff != "" {
		t.Error(diff)
	}
}

func TestTableLargerThanAWriteIsTaughtWhole(t *testing.T) {
	ln := listening(t)
	r := newReceiver(t, ln)
	p := New(settings(ln))
	const customers = 20_000
	for i := range customers {
		p.Inc(Customer(i), i+1)
	}
	p.section = finished
	p = p.Reload("2") // nothing of it is pushed: the lesson has it all
	p.Inc(Customer(0), 1)
	running(t, p)
	awaitTrue(t, "lesson", func() bool { return r.keys() == customers+1 })
	if err := p.Idle(patient(t)); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(p.Truth(), r.totals()); diff != "" {
		t.Error(diff)
	}
}

func TestProcessSpeaksTLS(t *testing.T) {
	ln := listening(t)
	secure := selfSigned(t, "tracker")
	newReceiver(t, tls.NewListener(ln, secure))
	cfg := settings(ln)
	cfg.TLS = secure
	p := running(t, New(cfg))
	p.Inc("a", 1)
	if err := p.Idle(patient(t)); err != nil {
		t.Fatal(err)
	}
	if got := p.Acked(0)["a"]; got != 1 {
		t.Errorf("acknowledged: got %d, want 1", got)
	}
}

// selfSigned returns a configuration for both sides of a connection.
func selfSigned(t *testing.T, name string) *tls.Config {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(cert)
	return &tls.Config{RootCAs: pool, ClientCAs: pool, Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
}
