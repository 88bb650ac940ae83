package daemon

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"testing"
	"time"

	"github.com/haproof/haproof/harness/harnesstest/realtest"
	"github.com/haproof/haproof/harness/tracker"
	"github.com/haproof/haproof/harness/tracker/drain"
)

// away is a store that takes nothing.
type away struct{ tracker.Store }

var errAway = errors.New("store is away")

func (away) Load(context.Context, tracker.State) error { return nil }

func (away) Commit(context.Context, *tracker.Batch) error { return errAway }

func TestItStopsThoughTheLastLinesCannotBeStored(t *testing.T) {
	d := &daemon{log: slog.New(slog.DiscardHandler)}
	var err error
	if d.server, err = tracker.New(t.Context(), tracker.Config{Name: "tracker", Listen: "127.0.0.1:0", Store: away{}}); err != nil {
		t.Fatal(err)
	}
	if d.drain, err = drain.New(t.Context(), drain.Config{Listen: []string{"udp://127.0.0.1:0"}}); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	ended := make(chan error, 1)
	go func() { ended <- d.run(ctx, nil, nil) }()
	conn, err := net.Dial("udp", d.drain.Addrs()[0].String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.Write([]byte(drainLines[0])); err != nil {
		t.Fatal(err)
	}
	realtest.Until(t, "the line counted", func() bool { return d.server.Statistics().Drained[drain.Fresh] == 1 })
	stop()
	select {
	case err := <-ended:
		if !errors.Is(err, errAway) || !errors.Is(err, context.Canceled) {
			t.Errorf("got %v, want that the line was lost and that the store is away", err)
		}
	case <-time.After(time.Minute):
		t.Fatal("it has not stopped after a minute")
	}
}
