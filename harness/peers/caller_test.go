package peers

import (
	"bufio"
	"context"
	"errors"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// answering listens, answers each greeting with the next of the statuses, the last
// one again and again, and reports the first line of each greeting.
func answering(t *testing.T, statuses ...Status) (addr string, greetings <-chan string) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ln.Close() })
	heard := make(chan string, 16)
	go func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			in := bufio.NewReader(conn)
			version, _ := in.ReadString('\n')
			_, _ = in.ReadString('\n')
			_, _ = in.ReadString('\n')
			_, _ = conn.Write(statuses[0].AppendTo(nil))
			if statuses[0] != StatusOK {
				conn.Close()
			}
			if len(statuses) > 1 {
				statuses = statuses[1:]
			}
			heard <- strings.TrimSpace(version)
		}
	}()
	return ln.Addr().String(), heard
}

func caller(addr string) Caller {
	dial := func(ctx context.Context) (net.Conn, error) { return new(net.Dialer).DialContext(ctx, "tcp", addr) }
	return Caller{Peer: "hap1", Config: quick, Dialer: Dialer{Dial: dial, MinWait: time.Millisecond, MaxWait: 2 * time.Millisecond, RefusedWait: time.Hour}}
}

func TestCallerSaysOldVersionToAPeerThatRefusesTheNewOne(t *testing.T) {
	addr, greetings := answering(t, StatusVersion, StatusOK)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var minor int
	caller(addr).Run(ctx, func(_ context.Context, s *Session) error {
		minor = s.Peer().Minor
		cancel()
		return s.Close()
	}, func(error) {})
	if got := []string{<-greetings, <-greetings}; !cmp.Equal(got, []string{"HAProxyS 2.1", "HAProxyS 2.0"}) || minor != 0 {
		t.Errorf("got %q, session of version 2.%d", got, minor)
	}
}

func TestCallerDoesNotHammerAPeerThatRefusesBothVersions(t *testing.T) {
	addr, greetings := answering(t, StatusVersion)
	ctx, cancel := context.WithCancel(t.Context())
	reports := 0
	go func() {
		<-greetings
		<-greetings
	}()
	caller(addr).Run(ctx, nil, func(err error) {
		if reports++; !errors.Is(err, StatusVersion) {
			t.Errorf("got %v, want %v", err, StatusVersion)
		}
		if reports == 2 {
			cancel()
		}
	})
	if reports != 2 {
		t.Errorf("got %d reports, want 2", reports)
	}
}

func TestDialerWaitsAsTheRefusalDemands(t *testing.T) {
	d := Dialer{}.withDefaults()
	wrapped := func(s Status) error { return errors.Join(errors.New("call"), s) }
	for _, tt := range []struct {
		err      error
		min, max time.Duration
	}{
		{nil, time.Second, time.Second},
		{errors.New("refused"), time.Second, time.Second},
		{wrapped(StatusTryAgain), 50 * time.Millisecond, 2050 * time.Millisecond},
		{wrapped(StatusWrongPeer), 30 * time.Second, 30 * time.Second},
		{wrapped(StatusUnknownPeer), 30 * time.Second, 30 * time.Second},
		{wrapped(StatusProtocol), 30 * time.Second, 30 * time.Second},
		{wrapped(StatusVersion), 30 * time.Second, 30 * time.Second},
		{errors.Join(errOtherVersion, StatusVersion), d.MinWait, d.MinWait},
	} {
		if got := d.after(tt.err, time.Second); got < tt.min || got > tt.max {
			t.Errorf("%v: got %v, want %v to %v", tt.err, got, tt.min, tt.max)
		}
	}
}

func TestCallerLeavesAPeerAloneThatHasCalled(t *testing.T) {
	addr, greetings := answering(t, StatusOK)
	c := caller(addr)
	var asked atomic.Int32
	c.Occupied = func() bool { return asked.Add(1) < 5 }
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	c.Run(ctx, func(_ context.Context, s *Session) error {
		cancel()
		return s.Close()
	}, func(err error) { t.Errorf("reported %v", err) })
	if n := asked.Load(); n != 5 || len(greetings) > 1 {
		t.Errorf("called %d times, asked %d times, want 1 and 5", len(greetings), n)
	}
}
