package driver

import (
	"bufio"
	"net"
	"sync"
	"testing"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"github.com/haproof/haproof/harness"
)

// trivialServer answers every attempt with the pixel and does as little as can be.
func trivialServer(b testing.TB) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	var all sync.WaitGroup
	all.Go(func() {
		var conns []net.Conn
		for {
			c, err := l.Accept()
			if err != nil {
				break
			}
			conns = append(conns, c)
			all.Go(func() { answerPixels(c) })
		}
		for _, c := range conns { // vegeta itself leaves its connections open
			_ = c.Close()
		}
	})
	b.Cleanup(func() { _ = l.Close(); all.Wait() })
	return l.Addr().String()
}

var pixel = []byte("HTTP/1.1 200 OK\r\nContent-Length: 43\r\n\r\n" + "0123456789012345678901234567890123456789012")

func answerPixels(c net.Conn) {
	defer func() { _ = c.Close() }()
	r := bufio.NewReader(c)
	for {
		line, err := r.ReadSlice('\n')
		if err != nil {
			return
		}
		if len(line) > 2 {
			continue
		}
		if _, err := c.Write(pixel); err != nil {
			return
		}
	}
}

const benchWorkers = 16

// BenchmarkAttempt is the cost of an attempt in a closed loop, the server's part
// included. "vs-vegeta" is that cost in relation to vegeta's own attack with its
// own transport against the same server: below 1 is cheaper.
func BenchmarkAttempt(b *testing.B) {
	address := trivialServer(b)
	w := harness.Workload{Profile: "ads", Hosts: 100}
	c, err := newClient(w, []harness.Endpoint{{Node: "trivial", HTTP: address}})
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = c.close() }()
	targets, err := NewTargets(w)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	b.ResetTimer()
	cpu := cpuTime()
	e := &engagement{
		client: c, targets: targets, began: time.Now(), inFlight: benchWorkers,
		pacer: firstN(b.N), done: map[uint64]harness.Attempt{}, report: func(harness.Attempt) {},
	}
	if err := vegetaAttack(b.Context(), e); err != nil {
		b.Fatal(err)
	}
	b.StopTimer()
	ours := float64(cpuTime()-cpu) / float64(b.N)
	b.ReportMetric(ours/1e3, "cpu-µs/attempt")
	b.ReportMetric(ours/plainVegeta(b, address), "vs-vegeta")
}

// plainVegeta returns the CPU time per attempt of vegeta by itself, in ns.
func plainVegeta(b *testing.B, address string) float64 {
	cpu := cpuTime()
	plainAttack(b, address, benchWorkers, firstN(b.N))
	return float64(cpuTime()-cpu) / float64(b.N)
}

// plainAttack attacks with vegeta and its own transport, with n connections.
func plainAttack(t testing.TB, address string, n int, pacer vegeta.Pacer) {
	attacker := vegeta.NewAttacker(vegeta.Workers(uint64(n)), vegeta.MaxWorkers(uint64(n)), vegeta.Connections(n))
	target := vegeta.NewStaticTargeter(vegeta.Target{Method: "GET", URL: "http://" + address + "/pixel.gif"})
	for result := range attacker.Attack(target, pacer, 0, "") {
		if result.Error != "" {
			t.Fatal(result.Error)
		}
	}
}

// firstN lets n attempts go as fast as others end.
type firstN uint64

func (n firstN) Pace(_ time.Duration, sent uint64) (time.Duration, bool) { return 0, sent >= uint64(n) }
func (firstN) Rate(time.Duration) float64                                { return 0 }
func (n firstN) next(k uint64, _ time.Duration) (time.Duration, order) {
	if k >= uint64(n) {
		return 0, over
	}
	return 0, send
}

func BenchmarkTargets(b *testing.B) {
	for _, name := range Profiles() {
		b.Run(name, func(b *testing.B) {
			w := usual()
			w.Profile = name
			targets, err := NewTargets(w)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for k := range b.N {
				targets.At(uint64(k))
			}
		})
	}
}
