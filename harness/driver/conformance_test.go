package driver

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/haproof/haproof/harness"
	"github.com/haproof/haproof/harness/harnesstest/realtest"
)

// everyDriver runs a conformance test with each driver.
func everyDriver(t *testing.T, test func(t *testing.T, d harness.Driver)) {
	for _, name := range Names() {
		t.Run(name, func(t *testing.T) {
			d, err := New(name)
			if err != nil {
				t.Fatal(err)
			}
			test(t, d)
		})
	}
	t.Run("vegeta-h2", func(t *testing.T) { test(t, overHTTP2{vegetaDriver{}}) })
}

// overHTTP2 drives every workload over HTTP/2, as far as it goes over TLS.
type overHTTP2 struct{ vegetaDriver }

func (d overHTTP2) Drive(ctx context.Context, w harness.Workload, to []harness.Endpoint, report func(harness.Attempt)) (harness.Driven, error) {
	return d.vegetaDriver.Drive(ctx, wantHTTP2(w), to, report)
}

func (d overHTTP2) Probe(ctx context.Context, w harness.Workload, to []harness.Endpoint, length time.Duration) (harness.Capacity, error) {
	return d.vegetaDriver.Probe(ctx, wantHTTP2(w), to, length)
}

func wantHTTP2(w harness.Workload) harness.Workload {
	if w.OverTLS() > 0 && (w.Connect == nil || w.Connect.Most == 0) { // which is for HTTP/1.1
		w.Protocol = harness.ProtocolHTTP2
	}
	return w
}

// usual is a workload that a test changes to its needs.
func usual() harness.Workload {
	return harness.Workload{
		Profile: "mixed", Rate: 1500, Requests: 500, Customers: 10, Hosts: 5,
		Dynamic: 0.5, TLS: 0.5, Timeout: 30 * time.Second, Seed: 7, // a patience that no load on the machine exhausts
	}
}

// played drives a workload and returns its attempts in order of their ids.
func played(ctx context.Context, t *testing.T, d harness.Driver, w harness.Workload, to ...harness.Endpoint) ([]harness.Attempt, harness.Driven, error) {
	t.Helper()
	var attempts []harness.Attempt
	reporting := make(chan struct{}, 1) // holds one: a second report at the same time would block
	driven, err := d.Drive(ctx, w, to, func(a harness.Attempt) {
		select {
		case reporting <- struct{}{}:
		default:
			t.Error("two reports at the same time")
		}
		attempts = append(attempts, a)
		<-reporting
	})
	slices.SortFunc(attempts, func(a, b harness.Attempt) int { return int(int64(a.Seq) - int64(b.Seq)) })
	return attempts, driven, err
}

func tally(attempts []harness.Attempt) map[string]int {
	counts := map[string]int{}
	for _, a := range attempts {
		name := map[harness.Outcome]string{harness.OK: "ok", harness.Failed: "failed", harness.Indeterminate: "indeterminate"}[a.Outcome]
		if a.Cause != "" {
			name += " " + string(a.Cause)
		}
		counts[name]++
	}
	return counts
}

func TestEveryProfileIsDrivenExactlyOnceAndAsExpected(t *testing.T) {
	everyDriver(t, func(t *testing.T, d harness.Driver) {
		for _, profile := range Profiles() {
			o, endpoint := newOrigin(t)
			w := usual()
			w.Profile = profile
			attempts, driven, err := played(t.Context(), t, d, w, endpoint)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(map[string]int{"ok": 500}, tally(attempts)); diff != "" {
				t.Errorf("%s: %s", profile, diff)
			}
			if driven.Offered != 500 || driven.CPU <= 0 || driven.Length < 332*time.Millisecond || driven.Began.IsZero() {
				t.Errorf("%s: driven %+v", profile, driven)
			}
			arrived, repeated := o.arrivals()
			if arrived != 500 || repeated != 0 {
				t.Errorf("%s: %d arrived, %d of them repeatedly, want 500 and 0", profile, arrived, repeated)
			}
			realtest.Until(t, "all connections closed", func() bool { return o.open() == 0 })
			checkAgainstTargets(t, w, attempts)
		}
	})
}

// checkAgainstTargets compares what was driven with the pure function that says
// what should have been.
func checkAgainstTargets(t *testing.T, w harness.Workload, attempts []harness.Attempt) {
	t.Helper()
	targets, err := NewTargets(w)
	if err != nil {
		t.Fatal(err)
	}
	for k, a := range attempts {
		target := targets.At(uint64(k))
		want := harness.Attempt{
			Seq: uint64(k), Key: target.Key, Status: target.Status, Bytes: target.Bytes, TLS: target.TLS,
			Dynamic: target.Dynamic, Route: target.Route, Outcome: harness.OK, Sent: a.Sent, Done: a.Done,
			Intended: time.Duration(float64(k) / float64(w.Rate) * 1e9),
		}
		if diff := cmp.Diff(want, a); diff != "" {
			t.Fatalf("attempt %d: %s", k, diff)
		}
		if a.Lag() < 0 || a.Done < a.Sent {
			t.Fatalf("attempt %d was sent before it was due or after it ended: %+v", k, a)
		}
	}
}

func TestAttemptsGoAroundTheEndpointsForAllHosts(t *testing.T) {
	everyDriver(t, func(t *testing.T, d harness.Driver) {
		first, e1 := newOrigin(t)
		second, e2 := newOrigin(t)
		if _, _, err := played(t.Context(), t, d, usual(), e1, e2); err != nil {
			t.Fatal(err)
		}
		for _, o := range []*origin{first, second} {
			arrived, _ := o.arrivals()
			if arrived != 250 || len(o.hosts) != 15 {
				t.Errorf("%d attempts for %d hosts, want 250 and 15", arrived, len(o.hosts))
			}
		}
	})
}

func TestDurationEndsASchedule(t *testing.T) {
	everyDriver(t, func(t *testing.T, d harness.Driver) {
		_, endpoint := newOrigin(t)
		w := usual()
		w.Requests, w.Duration, w.Rate = 0, 300*time.Millisecond, 1000
		attempts, driven, err := played(t.Context(), t, d, w, endpoint)
		if err != nil || len(attempts) != 300 || driven.Offered != 300 {
			t.Errorf("got %d attempts, %d offered, error %v; want 300 and 300", len(attempts), driven.Offered, err)
		}
	})
}

func TestAnOpenLoopDoesNotWaitForAnswers(t *testing.T) {
	everyDriver(t, func(t *testing.T, d harness.Driver) {
		o, endpoint := newOrigin(t)
		var arrived sync.WaitGroup
		arrived.Add(100)
		o.meanwhile = func(http.ResponseWriter, *http.Request) bool {
			arrived.Done()
			arrived.Wait() // nobody is answered before all have come
			return false
		}
		w := usual()
		w.Rate, w.Requests, w.TLS = 500, 100, 0
		attempts, _, err := played(t.Context(), t, d, w, endpoint)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(map[string]int{"ok": 100}, tally(attempts)); diff != "" {
			t.Error(diff)
		}
		for _, a := range attempts {
			if wait := attempts[99].Intended - a.Intended; a.Latency() < wait || a.Service() < wait-a.Lag() {
				t.Errorf("attempt %d hides the wait of %v: %+v", a.Seq, wait, a)
			}
		}
	})
}

func TestLagIsSeenWhenTheGeneratorIsHeldUp(t *testing.T) {
	everyDriver(t, func(t *testing.T, d harness.Driver) {
		_, endpoint := newOrigin(t)
		w := usual()
		w.Rate, w.Requests, w.TLS = 5e6, 3000, 0 // no machine keeps up with that
		attempts, driven, err := played(t.Context(), t, d, w, endpoint)
		if err != nil || len(attempts) != 3000 {
			t.Fatalf("%d attempts, error %v", len(attempts), err)
		}
		// All are due within 0.6 ms. Which one leaves last depends on the shards, but
		// nobody hands 3000 attempts to the kernel in five times that.
		var most time.Duration
		for _, a := range attempts {
			most = max(most, a.Lag())
		}
		if last := attempts[2999].Intended; most < 3*time.Millisecond || last != 599800*time.Nanosecond {
			t.Errorf("the greatest lag is %v of %v, the last attempt intended at %v", most, driven.Length, last)
		}
	})
}

func TestInterruptStopsSendingAndWaitsForWhatIsInFlight(t *testing.T) {
	everyDriver(t, func(t *testing.T, d harness.Driver) {
		o, endpoint := newOrigin(t)
		ctx, cancel := context.WithCancel(t.Context())
		release := make(chan struct{})
		o.meanwhile = func(_ http.ResponseWriter, r *http.Request) bool {
			if r.Header.Get(harness.SeqHeader) == "50" {
				cancel()
				time.AfterFunc(50*time.Millisecond, func() { close(release) })
				<-release
			}
			return false
		}
		w := usual()
		w.Rate, w.Requests = 500, 100_000
		attempts, driven, err := played(ctx, t, d, w, endpoint)
		if !errors.Is(err, context.Canceled) {
			t.Errorf("error %v, want context canceled", err)
		}
		// Of several shards, the one that sent the 51st has sent its part of those before it.
		// The schedule goes on for 200 s: no machine is a tenth of that late.
		fewest := 50/max(1, len(driven.Shards)) + 1
		if n := len(attempts); n < fewest || n > 10_000 || driven.Offered < uint64(n) || driven.Offered > 20_000 {
			t.Errorf("%d attempts of %d offered after an interrupt at the 51st, want %d at least", n, driven.Offered, fewest)
		}
		if diff := cmp.Diff(map[string]int{"ok": len(attempts)}, tally(attempts)); diff != "" {
			t.Error(diff)
		}
		realtest.Until(t, "all connections closed", func() bool { return o.open() == 0 })
	})
}

func TestInterruptEndsALongWaitAtOnce(t *testing.T) {
	everyDriver(t, func(t *testing.T, d harness.Driver) {
		o, endpoint := newOrigin(t)
		w := usual()
		w.Rate, w.Requests = 0.001, 2 // the second one is due after 1000 s
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		o.meanwhile = func(http.ResponseWriter, *http.Request) bool {
			time.AfterFunc(100*time.Millisecond, cancel) // so that the wait has begun; where it has not, it ends as well
			return false
		}
		began := time.Now()
		attempts, driven, err := played(ctx, t, d, w, endpoint)
		if len(attempts) != 1 || driven.Offered != 1 || !errors.Is(err, context.Canceled) || time.Since(began) > time.Minute {
			t.Errorf("%d attempts, %d offered, error %v after %v", len(attempts), driven.Offered, err, time.Since(began))
		}
	})
}

func TestImpossibleWorkloadsAreRefused(t *testing.T) {
	everyDriver(t, func(t *testing.T, d harness.Driver) {
		_, endpoint := newOrigin(t)
		clear := harness.Endpoint{Node: "backend1", HTTP: endpoint.HTTP}
		for want, change := range map[string]func(*harness.Workload) harness.Endpoint{
			"unknown profile": func(w *harness.Workload) harness.Endpoint { w.Profile = "no"; return endpoint },
			"customers":       func(w *harness.Workload) harness.Endpoint { w.Customers = 0; return endpoint },
			"hosts":           func(w *harness.Workload) harness.Endpoint { w.Hosts = 0; return endpoint },
			"rate":            func(w *harness.Workload) harness.Endpoint { w.Rate = 0; return endpoint },
			"tls":             func(w *harness.Workload) harness.Endpoint { w.TLS = 1.1; return endpoint },
			"no attempt":      func(w *harness.Workload) harness.Endpoint { w.Requests = 0; return endpoint },
			"speaks no TLS":   func(*harness.Workload) harness.Endpoint { return clear },
			"search":          func(w *harness.Workload) harness.Endpoint { w.Search = &harness.Search{}; return endpoint },
		} {
			w := usual()
			to := change(&w)
			attempts, _, err := played(t.Context(), t, d, w, to)
			if err == nil || !strings.Contains(err.Error(), want) || len(attempts) > 0 {
				t.Errorf("%s: got error %v after %d attempts", want, err, len(attempts))
			}
		}
		if _, _, err := played(t.Context(), t, d, usual()); !errors.Is(err, errNoEndpoint) {
			t.Errorf("without endpoints: got error %v", err)
		}
	})
}

// TestNothingIsReplayed plays against a server that closes kept-alive connections
// when the next attempt arrives on them, which is where net/http would send again.
func TestNothingIsReplayed(t *testing.T) {
	everyDriver(t, func(t *testing.T, d harness.Driver) {
		for _, share := range []harness.Share{0, 1} {
			o, endpoint := newOrigin(t)
			o.meanwhile = func(w http.ResponseWriter, r *http.Request) bool {
				seq := r.Header.Get(harness.SeqHeader)
				if !strings.HasSuffix(seq, "3") {
					return false
				}
				panic(http.ErrAbortHandler) // a kept-alive connection, or a stream, dies under every tenth attempt
			}
			w := usual()
			w.TLS = share
			attempts, _, err := played(t.Context(), t, d, w, endpoint)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(map[string]int{"ok": 450, "indeterminate reset": 50}, tally(attempts)); diff != "" {
				t.Errorf("TLS %v: %s", share, diff)
			}
			if arrived, repeated := o.arrivals(); arrived != 500 || repeated != 0 {
				t.Errorf("TLS %v: %d arrived, %d of them repeatedly, want 500 and 0", share, arrived, repeated)
			}
		}
	})
}
