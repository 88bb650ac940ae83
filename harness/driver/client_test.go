package driver

import (
	"fmt"
	"syscall"
	"testing"
	"time"

	"github.com/haproof/haproof/harness"
	"github.com/haproof/haproof/harness/harnesstest/realtest"
)

// phpClient returns a client whose targets all go to PHP, for one customer.
func phpClient(t *testing.T, overTLS harness.Share, timeout time.Duration, to harness.Endpoint) (*client, *Targets) {
	t.Helper()
	w := usual()
	w.Profile, w.TLS, w.Customers, w.Timeout = "php", overTLS, 1, timeout
	c, err := newClient(w, []harness.Endpoint{to})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.close() })
	targets, err := NewTargets(w)
	if err != nil {
		t.Fatal(err)
	}
	return c, targets
}

func TestAConnectionThatDiedIdleCostsNoAttempt(t *testing.T) {
	for _, share := range []harness.Share{0, 1} {
		o, endpoint := newOrigin(t)
		c, targets := phpClient(t, share, 30*time.Second, endpoint)
		for seq := range uint64(10) {
			target := targets.At(seq)
			want := ending{status: 200, bytes: 512, dynamic: true, outcome: harness.OK}
			got := c.send(seq, &target)
			if got.phases.connect <= 0 || got.phases.firstByte < got.phases.connect+got.phases.handshake || (got.phases.handshake > 0) != (share == 1) {
				t.Errorf("TLS %v, attempt %d: phases %+v", share, seq, got.phases)
			}
			if got.phases = (phases{}); got != want {
				t.Errorf("TLS %v, attempt %d after its connection was closed: got %+v, want %+v", share, seq, got, want)
			}
			o.closeAll()
			realtest.Until(t, "connections closed", func() bool { return o.open() == 0 })
			for _, cn := range c.servers[0].poolFor(&target).idle {
				realtest.Until(t, "the client can know", func() bool { return ended(t, cn) })
			}
		}
		if o.opened != 10 {
			t.Errorf("TLS %v: %d connections opened, want 10", share, o.opened)
		}
	}
}

func TestOneConnectionServesAttemptsInTurn(t *testing.T) {
	for _, share := range []harness.Share{0, 1} {
		o, endpoint := newOrigin(t)
		c, targets := phpClient(t, share, 30*time.Second, endpoint)
		for seq := range uint64(50) {
			target := targets.At(seq)
			if got := c.send(seq, &target); got.outcome != harness.OK {
				t.Fatalf("TLS %v, attempt %d: %+v", share, seq, got)
			}
		}
		if o.opened != 1 {
			t.Errorf("TLS %v: %d connections opened, want 1", share, o.opened)
		}
	}
}

func TestNoDescriptorsLeftIsAShortageOfTheClient(t *testing.T) {
	var was syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &was); err != nil {
		t.Fatal(err)
	}
	_, endpoint := newOrigin(t)
	c, targets := phpClient(t, 0, 30*time.Second, endpoint)
	target := targets.At(0)
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{Cur: 0, Max: was.Max}); err != nil {
		realtest.Missing(t, fmt.Errorf("the descriptor limit cannot be lowered: %w", err))
	}
	got := c.send(0, &target)
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &was); err != nil {
		t.Fatal(err)
	}
	want := ending{dynamic: true, outcome: harness.Failed, cause: harness.CauseDescriptors}
	if got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestPatienceCoversTheWaitForAHandshake(t *testing.T) {
	_, endpoint := newOrigin(t)
	c, targets := phpClient(t, 1, 50*time.Millisecond, endpoint)
	for range handshakesAtOnce {
		c.servers[0].shaking <- struct{}{} // all handshakes that may be in progress hang
	}
	target := targets.At(0)
	want := ending{dynamic: true, outcome: harness.Failed, cause: harness.CauseTimeout}
	if got := c.send(0, &target); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestPreheatingOpensWhatTheFirstAttemptsNeedAndSendsNothing(t *testing.T) {
	o, endpoint := newOrigin(t)
	w := usual()
	w.Profile, w.TLS, w.Customers, w.Rate, w.Requests = "php", 1, 3, 100, 1000
	c, err := newClient(w, []harness.Endpoint{endpoint})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.close() }()
	targets := targetsOf(t, w)
	(&offer{client: c, targets: targets}).preheat(t.Context(), staircase{{rateRPS: 100, count: 1000}})
	realtest.Until(t, "three connections", func() bool { return o.open() == 3 })
	for seq := range uint64(60) { // in turn: none of them needs a connection more
		target := targets.At(seq)
		if got := c.send(seq, &target); got.outcome != harness.OK {
			t.Fatalf("attempt %d: %+v", seq, got)
		}
	}
	if arrived, _ := o.arrivals(); o.opened != 3 || arrived != 60 {
		t.Errorf("%d connections opened, %d attempts arrived; want 3 and 60", o.opened, arrived)
	}
}

func TestOnlyTheProxysOwn429IsADenial(t *testing.T) {
	page := Target{Key: "c0000", Status: 200, Bytes: 512, Dynamic: true}
	file := Target{Key: "c0000", Status: 200, Bytes: 1024}
	for _, row := range []struct {
		why    string
		target Target
		answer answer
		want   ending
	}{
		{"page denied", page, answer{status: 429, bytes: 117}, ending{status: 429, bytes: 117, outcome: harness.OK, cause: harness.CauseDenied}},
		{"file denied", file, answer{status: 429, bytes: 117}, ending{status: 429, bytes: 117, outcome: harness.OK, cause: harness.CauseDenied}},
		{"the application's own", page, answer{status: 429, bytes: 512, php: true},
			ending{status: 429, bytes: 512, dynamic: true, outcome: harness.OK, cause: harness.CauseStatus}},
		{"nobody's customer", Target{Status: 200}, answer{status: 429}, ending{status: 429, outcome: harness.OK, cause: harness.CauseStatus}},
		{"another status", page, answer{status: 403}, ending{status: 403, outcome: harness.OK, cause: harness.CauseStatus}},
	} {
		var got ending
		if got.answered(&row.target, row.answer); got != row.want {
			t.Errorf("%s: got %+v, want %+v", row.why, got, row.want)
		}
	}
}
