//go:build amd64 || arm64

package driver

import (
	"fmt"
	"runtime"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/haproof/haproof/harness"
)

// BenchmarkMemoryPerConnection says what a process keeps for each idle connection
// in clear, the kernel's part left out. Its server takes connections in this
// process and keeps a descriptor of each, nothing else.
func BenchmarkMemoryPerConnection(b *testing.B) {
	const n = 4000 // fewer than the kernel lets wait in a queue (somaxconn)
	address, taken := hoarder(b, n)
	w := usual()
	w.TLS, w.Connections = 0, n
	c, err := newClient(w, []harness.Endpoint{{Node: "hoarder", HTTP: address}})
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		g := &wireEngine{driver: wireDriver{shards: 1}}
		if err := g.open(c); err != nil {
			b.Fatal(err)
		}
		hosts := make([]*wireHost, n)
		for i := range hosts {
			hosts[i] = &g.shards[0].servers[0].clear
		}
		before := kept()
		if err := g.shards[0].warm(b.Context(), hosts); err != nil {
			b.Fatal(err)
		}
		after := kept()
		if open := g.shards[0].idle.count; open != n {
			b.Fatalf("%d connections of %d", open, n)
		}
		b.ReportMetric(float64(after-before)/n, "bytes/connection")
		if err := g.close(); err != nil {
			b.Fatal(err)
		}
		runtime.KeepAlive(hosts)
		taken(n)
	}
}

// kept returns how many bytes are in use after a collection.
func kept() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapInuse + m.StackInuse)
}

// hoarder takes connections and keeps them until taken is told how many there are.
func hoarder(b *testing.B, most int) (address string, taken func(n int)) {
	b.Helper()
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = unix.Close(fd) })
	if err := unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		b.Fatal(err)
	}
	if err := unix.Listen(fd, most); err != nil { // they wait in the kernel
		b.Fatal(err)
	}
	name, err := unix.Getsockname(fd)
	if err != nil {
		b.Fatal(err)
	}
	return fmt.Sprintf("127.0.0.1:%d", name.(*unix.SockaddrInet4).Port), func(n int) {
		for range n {
			c, _, err := unix.Accept(fd)
			if err != nil {
				b.Fatal(err)
			}
			_ = unix.Close(c)
		}
	}
}
