package driver

import (
	"fmt"
	"math"
	"net/url"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/haproof/haproof/harness"
)

func targetsOf(t testing.TB, w harness.Workload) *Targets {
	t.Helper()
	targets, err := NewTargets(w)
	if err != nil {
		t.Fatal(err)
	}
	return targets
}

// TestTargetsAreFixed holds the streams that recorded seeds stand for: a change
// here makes old records unrepeatable.
func TestTargetsAreFixed(t *testing.T) {
	w := usual()
	w.Work = 300 * time.Microsecond
	want := map[string]Target{
		"ads":     {Method: "GET", TLS: true, Host: "a0002.ads.test", Path: "/pixel.gif?c=984&n=9ix", Status: 200, Bytes: 43},
		"dynamic": {Method: "GET", TLS: true, Host: "c0001.customers.test", Path: "/static/10k.js", Status: 200, Bytes: 10240, Key: "c0001"},
		"mixed":   {Method: "GET", TLS: true, Host: "a0000.ads.test", Path: "/beacon?c=484&n=9ix", Status: 204, Route: 3},
		"php":     {Method: "GET", TLS: true, Host: "c0005.customers.test", Path: "/shop/item/9847?status=200&size=512&work=300", Status: 200, Bytes: 512, Dynamic: true, Key: "c0005"},
	}
	for name, want := range want {
		w.Profile = name
		if diff := cmp.Diff(want, targetsOf(t, w).At(12345)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestTargetsDependOnNothingButSeedAndNumber(t *testing.T) {
	w := usual()
	forward, backward := targetsOf(t, w), targetsOf(t, w)
	w.Seed++
	other := targetsOf(t, w)
	same := 0
	for k := range uint64(1000) {
		a, b := forward.At(k), backward.At(999-k)
		if diff := cmp.Diff(forward.At(999-k), b); diff != "" {
			t.Fatalf("attempt %d depends on the order: %s", 999-k, diff)
		}
		if a == other.At(k) {
			same++
		}
	}
	if same > 20 {
		t.Errorf("%d of 1000 targets are the same with another seed", same)
	}
}

func TestEveryCustomerGetsAnAttempt(t *testing.T) {
	for _, profile := range []string{"dynamic", "mixed", "php"} {
		for _, n := range []int{1, 3, 50, 1000} {
			w := usual()
			w.Profile, w.Customers = profile, n
			targets := targetsOf(t, w)
			seen := map[string]bool{}
			for k := range uint64(20 * n) {
				seen[targets.At(k).Key] = true
			}
			delete(seen, "")
			if len(seen) != n {
				t.Errorf("%s: %d of %d customers had an attempt within 20 for each, seed %d", profile, len(seen), n, w.Seed)
			}
		}
	}
}

func TestSharesAreAsTheWorkloadSays(t *testing.T) {
	const n = 40_000
	for _, c := range []struct {
		profile     string
		dynamic     harness.Share
		wantDynamic float64
		wantCharged float64 // attempts for hosts of customers
	}{
		{"ads", 0.5, 0, 0},       // nobody is charged, whatever Dynamic says
		{"dynamic", 0.3, 0.3, 1}, //
		{"mixed", 0.5, 0.5, 0.5}, // every attempt for a customer goes to PHP
		{"mixed", 0.2, 0.2, 0.5},
		{"mixed", 0.8, 0.8, 0.8}, // advertising gives way
		{"mixed", 0, 0, 0.5},
		{"php", 0, 1, 1},
	} {
		w := usual()
		w.Profile, w.Dynamic, w.TLS = c.profile, c.dynamic, 0.95
		targets := targetsOf(t, w)
		var dynamic, charged, overTLS float64
		for k := range uint64(n) {
			target := targets.At(k)
			dynamic += count(target.Dynamic)
			charged += count(target.Key != "")
			overTLS += count(target.TLS)
		}
		near(t, c.profile+" dynamic", dynamic/n, c.wantDynamic, n)
		near(t, c.profile+" charged", charged/n, c.wantCharged, n)
		near(t, c.profile+" over TLS", overTLS/n, 0.95, n)
	}
}

func count(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}

// near allows five standard deviations of a share of n independent draws.
func near(t *testing.T, what string, got, want float64, n int) {
	t.Helper()
	if room := 5 * math.Sqrt(want*(1-want)/float64(n)); math.Abs(got-want) > room {
		t.Errorf("%s: share %.4f, want %.4f ± %.4f", what, got, want, room)
	}
}

func TestCustomersFollowZipf(t *testing.T) {
	c, err := zipfCustomers(harness.Workload{Customers: 100})
	if err != nil {
		t.Fatal(err)
	}
	const n = 100_000
	counts := map[string]float64{}
	drawn := 0
	for k := range uint64(n) {
		if turn(k) {
			continue
		}
		r := randomOf(1, k)
		key, host := c.pick(k, &r)
		if host != key+".customers.test" {
			t.Fatalf("%s owns %s", key, host)
		}
		counts[key]++
		drawn++
	}
	const harmonic = 5.187377517639621 // sum of 1/i for i from 1 to 100
	for i := 1; i <= 100; i++ {
		key := fmt.Sprintf("c%04d", i-1)
		near(t, key, counts[key]/float64(drawn), 1/float64(i)/harmonic, drawn)
	}
}

func TestPagesAskForWhatTheyExpect(t *testing.T) {
	w := usual()
	w.Profile, w.Dynamic, w.Work = "dynamic", 1, 300*time.Microsecond
	targets := targetsOf(t, w)
	seen := map[string]int{}
	for k := range uint64(5000) {
		target := targets.At(k)
		u, err := url.Parse(target.Path)
		if err != nil {
			t.Fatal(err)
		}
		size := fmt.Sprint(target.Bytes)
		if target.Method == "HEAD" {
			size = u.Query().Get("size")
		}
		want := url.Values{"status": {fmt.Sprint(target.Status)}, "size": {size}, "work": {"300"}}
		if diff := cmp.Diff(want, u.Query()); diff != "" {
			t.Fatalf("%+v: %s", target, diff)
		}
		if target.Method == "HEAD" && target.Bytes != 0 || target.Status == 302 && size != "0" || (target.Method == "POST") != (target.Body != "") {
			t.Fatalf("impossible target %+v", target)
		}
		seen[target.Method]++
		seen[fmt.Sprint(target.Status)]++
	}
	for _, kind := range []string{"GET", "HEAD", "POST", "200", "302", "404", "500"} {
		if seen[kind] == 0 {
			t.Errorf("no target with %s in 5000", kind)
		}
	}
}
