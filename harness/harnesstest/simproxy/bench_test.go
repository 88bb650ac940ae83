package simproxy

import (
	"context"
	"net"
	"sync"
	"testing"

	"github.com/haproof/haproof/harness/peers"
)

// sink reads and acknowledges, and does nothing else.
type sink struct{}

func (sink) Update(*peers.Update)  {}
func (sink) Control(peers.Control) {}
func (sink) Commit() error         { return nil }

// BenchmarkFlood is 64 processes of 100,000 customers each, and a receiver that
// decodes and acknowledges, per update sent. Run it with -cpu 1.
func BenchmarkFlood(b *testing.B) {
	ln := listening(b)
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() {
		served <- peers.Serve(ctx, ln, 1000, func(conn net.Conn) func(context.Context) {
			return func(ctx context.Context) {
				s, err := peers.Accept(ctx, conn, peers.Config{Name: "tracker"}, func(peers.Hello) peers.Status { return peers.StatusOK })
				if err == nil {
					_ = s.Run(ctx, sink{}) // ends with ctx
				}
			}
		})
	}()
	fleet := Fleet(64, settings(ln))
	for _, p := range fleet {
		running(b, p)
		if err := p.Flood(ctx, 100_000, 1); err != nil { // names and connection
			b.Fatal(err)
		}
	}
	b.ResetTimer()
	var floods sync.WaitGroup
	for _, p := range fleet {
		floods.Go(func() {
			if err := p.Flood(ctx, 100_000, uint64(b.N/len(fleet)+1)); err != nil {
				b.Error(err)
			}
		})
	}
	floods.Wait()
	b.StopTimer()
	sent := uint64(0)
	for _, p := range fleet {
		sent += p.Sent()
	}
	b.ReportMetric(float64(sent)/b.Elapsed().Seconds(), "updates/s")
	b.ReportMetric(0, "ns/op")
	cancel()
	if err := <-served; err != nil {
		b.Error(err)
	}
}

// BenchmarkEncode is one process without a connection: count, then encode.
func BenchmarkEncode(b *testing.B) {
	p := New(Config{Name: "hap1", Generation: "1763683530123"})
	p.section = finished
	random, numbers := p.draw(100_000)
	l := p.links[0]
	var buf []byte
	b.ReportAllocs()
	b.ResetTimer()
	for done := 0; done < b.N; {
		n := min(floodBatch, b.N-done)
		p.burst(random, numbers, uint64(n))
		buf = l.fill(buf[:0])
		l.inflight = l.inflight[:0]
		done += n
	}
}
