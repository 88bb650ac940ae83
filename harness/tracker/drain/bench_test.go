package drain

import (
	"context"
	"fmt"
	"net"
	"testing"
)

// BenchmarkParser reads lines of 1000 customers as HAProxy writes them beside its
// normal log.
func BenchmarkParser(b *testing.B) {
	var p Parser
	messages := make([][]byte, 1000)
	for i := range messages {
		messages[i] = fmt.Appendf(nil, `<133>1 2026-11-21T04:14:26.004779+00:00 - haproxy 14266 - [QT1 source="hap1" gen="1795234442405" seq="%d" customer="c%04d"] `+
			`127.0.0.1:40250 [21/Nov/2026:04:14:25.003] front application/application 0/0/0/1001/1001 200 138 - - ---- 12/12/11/11/0 0/0 "GET / HTTP/1.1"`, i, i)
	}
	b.ReportAllocs()
	for i := range b.N {
		if _, err := p.Parse(messages[i%len(messages)]); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkSeen admits numbers in their order, of one process.
func BenchmarkSeen(b *testing.B) {
	s := NewSeen(Limits{})
	b.ReportAllocs()
	for i := range b.N {
		s.Add(mark("1", uint64(i%100_000_000)), noon)
	}
}

// BenchmarkReceiver is the way of a line over TCP to the handler.
func BenchmarkReceiver(b *testing.B) {
	receiver, err := New(b.Context(), Config{Listen: []string{"tcp://127.0.0.1:0"}})
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(b.Context())
	got := 0
	done := make(chan error, 1)
	go func() {
		done <- receiver.Run(ctx, func(batch []Line) error {
			if got += len(batch); got == b.N {
				cancel()
			}
			return nil
		})
	}()
	conn, err := net.Dial("tcp", receiver.Addrs()[0].String())
	if err != nil {
		b.Fatal(err)
	}
	defer conn.Close()
	b.ReportAllocs()
	b.ResetTimer()
	var text []byte
	for i := range b.N {
		if text = append(text, numbered(i)...); len(text) > 32<<10 || i == b.N-1 {
			if _, err := conn.Write(text); err != nil {
				b.Fatal(err)
			}
			text = text[:0]
		}
	}
	if err := <-done; err != nil {
		b.Fatal(err)
	}
}
