package api

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/haproof/haproof/harness/harnesstest/realtest"
	"github.com/haproof/haproof/harness/tracker"
)

// pagesOf follows cursors and returns the names of all pages.
func pagesOf(t *testing.T, r *rig, query string) (names []string) {
	t.Helper()
	for cursor, n := "", 0; ; n++ {
		list := getJSON[Customers](r, "/v1/customers?"+query+"&cursor="+url.QueryEscape(cursor))
		for _, c := range list.Customers {
			names = append(names, c.Customer)
		}
		if cursor = list.Next; cursor == "" {
			return names
		}
		if n > 1000 {
			t.Fatal("pages without end")
		}
	}
}

func TestCustomersComePageByPageInOrder(t *testing.T) {
	const seed = 1
	random := rand.New(rand.NewPCG(seed, 0))
	store := &memory{}
	type known struct {
		name  string
		total uint64
		first int
	}
	var all []known
	for i := range 257 {
		k := known{fmt.Sprintf("c%03x", random.IntN(1<<30)), uint64(random.IntN(40)), i} // many have the same total
		all = append(all, k)
		store.names = append(store.names, k.name)
		store.entries = append(store.entries, tracker.EntryState{Customer: uint32(i), Base: k.total})
	}
	r := serving(t, Config{}, store)
	byTotal := func(a, b known) int { return cmp.Or(cmp.Compare(b.total, a.total), a.first-b.first) }
	byBytes := func(a, b known) int { return strings.Compare(a.name, b.name) }
	for query, order := range map[string]func(a, b known) int{"sort=usage": byTotal, "sort=name": byBytes} {
		for _, prefix := range []string{"", "c1", "c1f", "d"} {
			var want []string
			for _, k := range slices.SortedFunc(slices.Values(all), order) {
				if strings.HasPrefix(k.name, prefix) {
					want = append(want, k.name)
				}
			}
			for _, limit := range []int{1, 7, 1000} {
				if limit == 1 && prefix == "" {
					continue // slow
				}
				got := pagesOf(t, r, fmt.Sprintf("%s&prefix=%s&limit=%d", query, prefix, limit))
				if diff := gocmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
					t.Errorf("seed %d: %s, prefix %q, limit %d (-want +got):\n%s", seed, query, prefix, limit, diff)
				}
			}
		}
	}
}

func TestCustomersSayHowManyThereAre(t *testing.T) {
	r := serving(t, Config{}, nil)
	r.call("hap1", 1).push("aa|1", 5, "ab|1", 3, "b|1", 1, "50%|1", 2)
	r.seen(11)
	resp, _ := r.ask("GET", "/v1/customers?limit=1&prefix=a")
	if link := resp.Header.Get("Link"); !strings.HasPrefix(link, "</v1/customers?cursor=") || !strings.Contains(link, "prefix=a") {
		t.Errorf("Link: got %q", link)
	}
	got := getJSON[Customers](r, "/v1/customers?limit=1&prefix=a")
	if got.Count != 4 || got.Matching != 2 || !got.Durable || time.Since(got.At) > patience || got.Customers[0].Total != 5 {
		t.Errorf("got %+v, want 2 of 4", got)
	}
	if got := getJSON[Customers](r, "/v1/customers?prefix=50%2525"); len(got.Customers) != 1 || got.Customers[0].Customer != "50%25" {
		t.Errorf("got %+v, want the customer 50%%", got)
	}
}

func TestCustomersHaveRates(t *testing.T) {
	r := serving(t, Config{Tick: 50 * time.Millisecond}, nil)
	p := r.call("hap1", 1)
	p.push("slow|1", 1, "fast|1", 1)
	r.seen(2)
	n := 1
	realtest.Await(t, "rates", func() error { // the faster one is first, though its total is smaller
		n++
		p.push("slow|1", 1000, "fast|1", n)
		got := getJSON[Customers](r, "/v1/customers?sort=rate")
		if c := got.Customers; c[0].Customer != "fast" || c[0].Rate <= 0 || c[1].Rate != 0 || got.WindowSeconds <= 0 {
			return fmt.Errorf("got %+v", got)
		}
		return nil
	})
}

func TestWrongParametersSayWhatIsWrong(t *testing.T) {
	r := serving(t, Config{}, &memory{})
	r.call("hap1", 1).push("a|1", 1)
	page := getJSON[Customers](r, "/v1/customers?sort=name&limit=1")
	foreign := cursor{Order: byName, Name: []byte("a")}.String()
	if page.Next != "" {
		t.Errorf("next of the only page: got %q", page.Next)
	}
	for _, q := range []struct{ path, parameter, want string }{
		{"/v1/counts?durable=1", "durable", "want true or false"},
		{"/v1/counts?duarble=false", "duarble", "known here: durable"},
		{"/v1/counts?durable=true&durable=false", "durable", "given 2 times"},
		{"/v1/customers?limit=1001", "limit", "from 1 to 1000"},
		{"/v1/customers?limit=ten", "limit", "from 1 to 1000"},
		{"/v1/customers?sort=total", "sort", "usage or rate or name"},
		{"/v1/customers?prefix=50%25", "prefix", "%25"},
		{"/v1/customers?cursor=xyz", "cursor", "given as next"},
		{"/v1/customers?cursor=" + foreign, "cursor", "by name, not by usage"},
		{"/v1/plans?cursor=" + foreign, "cursor", "by name, not by used"},
		{"/v1/customers/50%25", "name", "%25"},
		{"/v1/customers/a?from=2026-01-01T00:30:00Z", "from", "full hour"},
		{"/v1/customers/a?from=2026-01-01T00:00:00%2B05:30", "from", "full hour"},
		{"/v1/customers/a?from=2026-01-01T00:00:00+02:00", "from", "%2B"},
		{"/v1/customers/a?from=2026-01-02&to=2026-01-01", "from", "not before"},
		{"/v1/customers/a?from=2020-01-01&to=2026-01-01", "bucket", "more than 20000 hours"},
		{"/v1/usage?bucket=year", "bucket", "hour or day or month"},
		{"/v1/usage?format=xml", "format", "ndjson or csv"},
		{"/v1/usage?" + strings.Repeat("x", maxQuery+1), "", ""},
	} {
		resp, body := r.ask("GET", q.path)
		var p problem
		if err := json.Unmarshal(body, &p); err != nil {
			t.Fatalf("%s: %s: %v", q.path, body, err)
		}
		want := http.StatusBadRequest
		if q.parameter == "" {
			want = http.StatusRequestURITooLong
		}
		if resp.StatusCode != want || p.Parameter != q.parameter || !strings.Contains(p.Detail, q.want) || p.Status != want {
			t.Errorf("%.80s: got %s %.300s, want a problem with %q that says %q", q.path, resp.Status, body, q.parameter, q.want)
		}
	}
}

func TestWrongPathsAndMethodsAreProblems(t *testing.T) {
	r := serving(t, Config{}, nil)
	r.call("hap1", 1).push("a/b|1", 1, "b|1", 1, "a|1", 1, "a/|1", 1)
	r.get(http.StatusOK, "/v1/customers/a/")
	for _, q := range []struct {
		method, path string
		status       int
		allow        string
	}{
		{"GET", "/v1/nothing", 404, ""},
		{"GET", "/v1/customers/nobody", 404, ""},
		{"GET", "/v1/sources/nobody", 404, ""},
		{"GET", "/v1/customers/a//b", 400, ""}, // not the customer a/b
		{"GET", "/v1/customers/a/../b", 400, ""},
		{"GET", "/v1/customers/a/.", 400, ""},
		{"GET", "//v1/counts", 400, ""},
		{"DELETE", "/v1/customers/a", 405, "GET, HEAD"},
		{"POST", "/v1/counts", 405, "GET, HEAD"},
		{"PUT", "/login", 405, "GET, POST, HEAD"},
		{"GET", "/logout", 405, "POST"},
		{"GET", "/debug/pprof/", 404, ""},
	} {
		resp, body := r.ask(q.method, q.path)
		var p problem
		err := json.Unmarshal(body, &p)
		if err != nil || resp.StatusCode != q.status || p.Status != q.status || resp.Header.Get("Allow") != q.allow {
			t.Errorf("%s %s: got %s, Allow %q, %s; want %d, %q", q.method, q.path, resp.Status, resp.Header.Get("Allow"), body, q.status, q.allow)
		}
	}
}
