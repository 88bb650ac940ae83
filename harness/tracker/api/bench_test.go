package api

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/haproof/haproof/harness/tracker"
)

// crowd is a store with n customers.
func crowd(n int) *memory {
	m := &memory{names: make([]string, n), entries: make([]tracker.EntryState, n)}
	for i := range n {
		m.names[i] = fmt.Sprintf("customer-%08d.example", (i*7919)%n) // in no order
		m.entries[i] = tracker.EntryState{Customer: uint32(i), Base: uint64(i*31) % 1000003}
	}
	return m
}

// discard is an answer that nobody reads.
type discard struct {
	header http.Header
	status int
	bytes  int
}

func (d *discard) Header() http.Header         { return d.header }
func (d *discard) WriteHeader(status int)      { d.status = status }
func (d *discard) Write(b []byte) (int, error) { d.bytes += len(b); return len(b), nil }

func benchmarkAsk(b *testing.B, customers int, path string) {
	server, err := tracker.New(b.Context(), tracker.Config{Name: "tracker", Listen: "127.0.0.1:0", Store: crowd(customers)})
	if err != nil {
		b.Fatal(err)
	}
	defer server.Close()
	a := New(server, Config{})
	a.look(b.Context())
	h := a.handler()
	ask := func() {
		d := &discard{header: make(http.Header), status: http.StatusOK}
		h.ServeHTTP(d, httptest.NewRequest("GET", "http://127.0.0.1"+path, nil))
		if d.status != http.StatusOK || d.bytes == 0 {
			b.Fatalf("%s: %d, %d bytes", path, d.status, d.bytes)
		}
	}
	began := time.Now()
	ask()
	first := time.Since(began)
	b.ReportAllocs()
	for b.Loop() {
		ask()
	}
	b.ReportMetric(float64(first.Milliseconds()), "first-ms")
}

func BenchmarkAsk(b *testing.B) {
	for _, customers := range []int{100_000, 10_000_000} {
		if testing.Short() && customers > 100_000 {
			continue
		}
		for _, path := range []string{
			"/v1/counts", "/v1/customers/customer-00000001.example", "/v1/customers", "/v1/customers?sort=rate", "/v1/customers?sort=name",
			"/v1/customers?prefix=customer-0000000", "/", "/metrics",
		} {
			b.Run(fmt.Sprintf("%d%s", customers, path), func(b *testing.B) { benchmarkAsk(b, customers, path) })
		}
	}
}

// BenchmarkLook is what follows the totals: once per second, or less often if it takes
// longer than 20 ms.
func BenchmarkLook(b *testing.B) {
	for _, customers := range []int{100_000, 10_000_000} {
		b.Run(fmt.Sprint(customers), func(b *testing.B) {
			server, err := tracker.New(b.Context(), tracker.Config{Name: "tracker", Listen: "127.0.0.1:0", Store: crowd(customers)})
			if err != nil {
				b.Fatal(err)
			}
			defer server.Close()
			a := New(server, Config{})
			for b.Loop() {
				a.look(b.Context())
			}
		})
	}
}

// BenchmarkCountsOverHTTP is GET /v1/counts with 100,000 customers by a client.
func BenchmarkCountsOverHTTP(b *testing.B) {
	r := serving(b, Config{Tick: time.Second}, crowd(100_000))
	for b.Loop() {
		resp, err := r.client.Get("http://" + r.addr + "/v1/counts")
		if err != nil {
			b.Fatal(err)
		}
		n, err := io.Copy(io.Discard, resp.Body)
		if err != nil {
			b.Fatal(err)
		}
		resp.Body.Close()
		b.SetBytes(n)
	}
}
