package drain

import (
	"context"
	"fmt"
	"net"
	"slices"
	"sync"
	"testing"

	"github.com/haproof/haproof/harness/harnesstest/realtest"
)

// rig is a Receiver that runs, and what it delivered.
type rig struct {
	t *testing.T
	*Receiver
	stop func() // and waits

	mu  sync.Mutex
	got []Line
}

func newRig(t *testing.T, cfg Config) *rig {
	t.Helper()
	r := &rig{t: t}
	r.start(cfg, r.keep)
	return r
}

// keep is the handle of a rig.
func (r *rig) keep(batch []Line) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.got = append(r.got, batch...)
	return nil
}

func (r *rig) start(cfg Config, handle func([]Line) error) {
	r.t.Helper()
	receiver, err := New(r.t.Context(), cfg)
	if err != nil {
		r.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- receiver.Run(ctx, handle) }()
	r.Receiver = receiver
	r.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			r.t.Error(err)
		}
	})
	r.t.Cleanup(r.stop)
}

// lines returns what was delivered, in order of their numbers.
func (r *rig) lines() []Line {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.SortedFunc(slices.Values(r.got), func(a, b Line) int { return int(a.Seq) - int(b.Seq) })
}

func (r *rig) dial(socket int) net.Conn {
	r.t.Helper()
	addr := r.Addrs()[socket]
	conn, err := net.Dial(addr.Network(), addr.String())
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { conn.Close() })
	return conn
}

func (r *rig) awaitLines(n int) {
	r.t.Helper()
	realtest.Await(r.t, "lines", func() error {
		r.mu.Lock() // to sort them each time would take more than to receive them
		got := len(r.got)
		r.mu.Unlock()
		if got != n {
			return fmt.Errorf("%d of %d; %+v", got, n, r.Stats())
		}
		return nil
	})
}

func (r *rig) awaitStats(what string, ok func(Stats) bool) {
	r.t.Helper()
	realtest.Await(r.t, what, func() error {
		if s := r.Stats(); !ok(s) {
			return fmt.Errorf("stats are %+v", s)
		}
		return nil
	})
}

func send(t *testing.T, conn net.Conn, text string) {
	t.Helper()
	if _, err := conn.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
}

// numbered is a message of HAProxy in its format raw.
func numbered(seq int) string {
	return fmt.Sprintf("QT1 source=\"hap1\" gen=\"1\" seq=\"%d\" customer=\"c%d\"\n", seq, seq%7)
}

// counted are the lines of so many numbered messages.
func counted(n int) []Line {
	var lines []Line
	for i := range n {
		lines = append(lines, line("hap1", "1", uint64(i), fmt.Sprintf("c%d", i%7)))
	}
	return lines
}
