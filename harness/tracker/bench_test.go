package tracker

import (
	"fmt"
	"net"
	"testing"

	"github.com/haproof/haproof/harness/peers"
)

// BenchmarkCount is the arithmetic alone: 50 customers, every update a growth.
func BenchmarkCount(b *testing.B) {
	c := NewCounts()
	keys := benchKeys()
	b.ReportAllocs()
	for i := range b.N {
		c.Count(Observation{Source: "proxy1", Session: 1, Table: "/quota", Key: keys[i%len(keys)], Value: uint32(i / len(keys))})
	}
}

// BenchmarkServer is the whole way of an update: loopback, decoder, session, counts.
// The peer waits for the acknowledgement of the last one.
func BenchmarkServer(b *testing.B) {
	s, err := New(b.Context(), Config{Name: "tracker", Listen: "127.0.0.1:0"})
	if err != nil {
		b.Fatal(err)
	}
	run(b, s)
	conn, err := net.Dial("tcp", s.PeersAddr().String())
	if err != nil {
		b.Fatal(err)
	}
	p := greet(b, conn, "proxy1", 1)
	p.write(quota.AppendTo(nil))
	keys := benchKeys()
	var batch []byte
	b.ReportAllocs()
	b.ResetTimer()
	for i := range b.N {
		u := peers.Update{Table: &quota, ID: uint32(i + 1), Key: keys[i%len(keys)], Values: []uint64{uint64(i / len(keys))}}
		if batch = u.AppendTo(batch); len(batch) > 32<<10 || i == b.N-1 {
			p.write(batch)
			batch = batch[:0]
		}
	}
	for ack := range p.acks {
		if ack.ID == uint32(b.N) {
			return
		}
	}
	b.Error("session ended before the last acknowledgement")
}

func benchKeys() [][]byte {
	keys := make([][]byte, 50)
	for i := range keys {
		keys[i] = fmt.Appendf(nil, "c%04d|1763683530123", i)
	}
	return keys
}
