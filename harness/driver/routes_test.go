package driver

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/haproof/haproof/harness"
)

// routedWorkload has routes of every kind that a test may want.
func routedWorkload() harness.Workload {
	w := usual()
	pixel, none, all := uint64(pixelBytes), harness.Share(0), harness.Share(1)
	w.Profile = ""
	w.Routes = []harness.Template{
		{Name: "pixel", Weight: 6, Method: "GET", Host: "{customer}.ads.test", Path: "/pixel.gif?c={customer}&u={random:16}", Status: 200, Bytes: &pixel},
		{
			Name: "order", Weight: 3, Method: "POST", Host: "{customer}.customers.test", Path: "/order.php?status=201&size=4&seq={seq}",
			Header: map[string]string{"Content-Type": "application/x-www-form-urlencoded", "X-User": "{user}"},
			Body:   "id={seq}&v={random:8}&s={cookie:sid}", Status: 201, Dynamic: true, TLS: &all,
		},
		{
			Name: "beacon", Weight: 1, Method: "GET", Host: "a.ads.test", Path: "/beacon", TLS: &none,
			Header: map[string]string{"User-Agent": "mine", "Cookie": "sid={cookie:sid}"},
		},
	}
	return w
}

func TestRoutesAreChosenByWeightAndCustomersInTurn(t *testing.T) {
	const n = 40_000
	w := routedWorkload()
	targets := targetsOf(t, w)
	if diff := cmp.Diff([]string{"pixel", "order", "beacon"}, targets.Routes()); diff != "" {
		t.Error(diff)
	}
	var routes, tls [3]float64
	charged := map[string]float64{}
	for k := range uint64(n) {
		target := targets.At(k)
		routes[target.Route]++
		tls[target.Route] += count(target.TLS)
		if target.Key != "" {
			charged[target.Key]++
		}
	}
	for i, share := range []float64{0.6, 0.3, 0.1} {
		near(t, targets.Routes()[i], routes[i]/n, share, n)
	}
	near(t, "pixels over TLS", tls[0]/routes[0], 0.5, int(routes[0]))
	if tls[1] != routes[1] || tls[2] != 0 {
		t.Errorf("%v of %v orders and %v beacons over TLS, want all and none", tls[1], routes[1], tls[2])
	}
	if len(charged) != w.Customers {
		t.Errorf("%d customers were charged, want %d", len(charged), w.Customers)
	}
	for i := range w.Customers {
		near(t, w.Customer(i), charged[w.Customer(i)]/routes[1], 1/float64(w.Customers), int(routes[1]))
	}
}

// TestTheOwnerOfTheHostIsCharged says who owns which.
func TestTheOwnerOfTheHostIsCharged(t *testing.T) {
	w := harness.Workload{Customers: 3, Prefix: "acme-"}
	for host, want := range map[string]string{
		"acme-c0001.customers.test": "acme-c0001", "ACME-C0001.customers.TEST:8080": "acme-c0001",
		"acme-c0003.customers.test": "", "c0001.customers.test": "", "acme-c0001.ads.test": "", "acme-c1.customers.test": "", "": "",
	} {
		if got := ownerOf(&w, host); got != want {
			t.Errorf("%q is owned by %q, want %q", host, got, want)
		}
	}
}

func TestRoutesThatCannotBeOfferedAreRefusedByName(t *testing.T) {
	for want, change := range map[string]func(w *harness.Workload){
		"route order: weight is 0":                func(w *harness.Workload) { w.Routes[1].Weight = 0 },
		"route order: path, column 2: unknown":    func(w *harness.Workload) { w.Routes[1].Path = "/{x}" },
		"route pixel: host has {customer}: cust":  func(w *harness.Workload) { w.Customers = 0 },
		"route order: tls: 2 is not a share":      func(w *harness.Workload) { *w.Routes[1].TLS = 2 },
		"route beacon: the route has no host":     func(w *harness.Workload) { w.Routes[2].Host = "" },
		"route beacon: {seq} cannot stand in the": func(w *harness.Workload) { w.Routes[2].Host = "{seq}" },
		"65 routes are more than the limit":       func(w *harness.Workload) { w.Routes = make([]harness.Template, 65) },
	} {
		w := routedWorkload()
		change(&w)
		if _, err := NewTargets(w); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}

// TestRoutesAreDrivenExactlyOnceAndAsExpected also holds that expectations are held.
func TestRoutesAreDrivenExactlyOnceAndAsExpected(t *testing.T) {
	everyDriver(t, func(t *testing.T, d harness.Driver) {
		o, endpoint := newOrigin(t)
		w := routedWorkload()
		attempts, driven, err := played(t.Context(), t, d, w, endpoint)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(map[string]int{"ok": 500}, tally(attempts)); diff != "" {
			t.Error(diff)
		}
		if arrived, repeated := o.arrivals(); arrived != 500 || repeated != 0 {
			t.Errorf("%d arrived, %d of them repeatedly, want 500 and 0", arrived, repeated)
		}
		if diff := cmp.Diff(w.RouteNames(), driven.Routes); diff != "" {
			t.Error(diff)
		}
		targets := targetsOf(t, w)
		for k, a := range attempts {
			target := targets.At(uint64(k))
			want := a
			want.Seq, want.Route, want.Key, want.TLS, want.Dynamic = uint64(k), target.Route, target.Key, target.TLS, target.Dynamic
			want.Status, want.Bytes = []int{200, 201, 204}[target.Route], []uint64{pixelBytes, 4, 0}[target.Route]
			if diff := cmp.Diff(want, a); diff != "" {
				t.Fatalf("attempt %d: %s", k, diff)
			}
		}

		wrong := *w.Routes[0].Bytes + 1
		w.Routes[0].Bytes = &wrong
		w.Routes[1].Status = 200
		w.Routes[2].Dynamic = true
		attempts, _, err = played(t.Context(), t, d, w, endpoint)
		if err != nil {
			t.Fatal(err)
		}
		got := map[harness.Cause]uint16{}
		for _, a := range attempts {
			got[a.Cause+harness.Cause(driven.Routes[a.Route])] = a.Route
		}
		if diff := cmp.Diff(map[harness.Cause]uint16{"bodypixel": 0, "statusorder": 1, "bodybeacon": 2}, got); diff != "" {
			t.Error(diff)
		}
	})
}

// TestAnAttemptOfARouteAllocatesNothing plays with a user whose cookies are asked for.
func TestAnAttemptOfARouteAllocatesNothing(t *testing.T) {
	targets := targetsOf(t, routedWorkload())
	u := &user{who: 3, kept: &cookies{}}
	u.kept.set([]byte("sid=abc"), time.Now())
	if got := string(u.cookie("sid")); got != "abc" {
		t.Fatalf("the user has cookie %q", got)
	}
	var r random
	var path, out []byte
	for _, who := range []*user{nil, u} {
		var k uint64
		each := testing.AllocsPerRun(2000, func() {
			target, p := targets.appendAt(k, &r, path[:0])
			who.mark(&target)
			path = p
			out = appendAttempt(out[:0], k, &target, path)
			k++
		})
		if each != 0 {
			t.Errorf("%v allocations per attempt", each)
		}
	}
}
