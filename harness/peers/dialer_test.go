package peers

import (
	"context"
	"errors"
	"net"
	"os"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestDialerTriesAgainUntilItIsTold(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	refused := errors.New("refused")
	dials := 0
	d := Dialer{MinWait: time.Millisecond, MaxWait: 4 * time.Millisecond, Dial: func(context.Context) (net.Conn, error) {
		if dials++; dials < 4 {
			return nil, refused
		}
		ours, _ := net.Pipe()
		return ours, nil
	}}
	var reported []error
	d.Run(ctx, func(_ context.Context, conn net.Conn) error {
		cancel()
		return conn.Close()
	}, func(err error) { reported = append(reported, err) })
	if want := []error{refused, refused, refused}; !cmp.Equal(reported, want, cmp.Comparer(errors.Is)) {
		t.Errorf("got %v, want %v", reported, want)
	}
}

func TestServeClosesWhatIsTooMuch(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() {
		served <- Serve(ctx, ln, 1, func(conn net.Conn) func(context.Context) {
			return func(ctx context.Context) {
				<-ctx.Done()
				conn.Close()
			}
		})
	}()
	first, second := dial(t, ln), dial(t, ln)
	if _, err := second.Read(make([]byte, 1)); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("second connection: got %v, want its end", err)
	}
	cancel()
	if err := <-served; err != nil {
		t.Errorf("serve: got %v, want no error", err)
	}
	if _, err := first.Read(make([]byte, 1)); err == nil {
		t.Error("first connection is still open after Serve has returned")
	}
}

func dial(t *testing.T, ln net.Listener) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	return conn
}
