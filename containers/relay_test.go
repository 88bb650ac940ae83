package containers

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// echoed is a relay to a server that sends back what it gets.
func echoed(t *testing.T) *relay {
	t.Helper()
	server, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var group sync.WaitGroup
	group.Go(func() {
		for {
			conn, err := server.Accept()
			if err != nil {
				return
			}
			group.Go(func() {
				defer conn.Close()
				_, _ = io.Copy(conn, conn)
			})
		}
	})
	t.Cleanup(func() { server.Close(); group.Wait() })
	return relayTo(t, server.Addr().String())
}

// relayTo makes a relay on a net of its own: nobody takes its port while it is cut.
func relayTo(t *testing.T, address string) *relay {
	t.Helper()
	own, err := reserveNet()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := own.Close(); err != nil {
			t.Error(err)
		}
	})
	r, err := newRelay(net.JoinHostPort(own.address(1), strconv.Itoa(ports.TrackerPeers)), address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Close)
	return r
}

// linked is a connection through the relay that has carried a byte.
func linked(t *testing.T, r *relay) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", r.address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	exchangeBytes(t, conn, 1)
	return conn
}

// exchangeBytes sends bytes and wants them back.
func exchangeBytes(t *testing.T, conn net.Conn, n int) {
	t.Helper()
	sent := bytes.Repeat([]byte("haproof"), n/7+1)[:n]
	if _, err := conn.Write(sent); err != nil {
		t.Fatal(err)
	}
	receive(t, conn, sent)
}

func receive(t *testing.T, conn net.Conn, want []byte) {
	t.Helper()
	_ = conn.SetReadDeadline(time.Now().Add(20 * time.Second))
	got := make([]byte, len(want))
	if _, err := io.ReadFull(conn, got); err != nil || !bytes.Equal(want, got) {
		t.Fatalf("%d bytes do not come back as they were: %v", len(want), err)
	}
}

// silent wants nothing to come, and no end.
func silent(t *testing.T, conn net.Conn, d time.Duration) {
	t.Helper()
	_ = conn.SetReadDeadline(time.Now().Add(d))
	if n, err := conn.Read(make([]byte, 1)); n > 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("got %d bytes and %v, want silence", n, err)
	}
}

// ended wants the end of a connection, and returns it.
func ended(t *testing.T, conn net.Conn) error {
	t.Helper()
	_ = conn.SetReadDeadline(time.Now().Add(20 * time.Second))
	_, err := conn.Read(make([]byte, 1))
	if err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("got %v, want an end", err)
	}
	return err
}

func TestRelayCarriesManyBytesBothWays(t *testing.T) {
	conn := linked(t, echoed(t))
	go func() { _, _ = conn.Write(make([]byte, 1<<20)) }() // more than fits into all buffers
	receive(t, conn, make([]byte, 1<<20))
}

func TestCutRelayRefusesUntilItIsOpened(t *testing.T) {
	r := echoed(t)
	conn := linked(t, r)
	r.cut()
	if err := ended(t, conn); !errors.Is(err, io.EOF) {
		t.Errorf("cut: %v, want an orderly end", err)
	}
	if _, err := net.Dial("tcp", r.address); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("while cut: %v", err)
	}
	if err := r.open(); err != nil {
		t.Fatal(err)
	}
	exchangeBytes(t, linked(t, r), 100)
}

func TestResetIsSeenAsAReset(t *testing.T) {
	r := echoed(t)
	conn := linked(t, r)
	r.reset()
	if err := ended(t, conn); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("got %v", err)
	}
	exchangeBytes(t, linked(t, r), 100)
}

func TestRelayToNobodyResets(t *testing.T) {
	r := relayTo(t, "127.0.0.1:1")
	conn, err := net.Dial("tcp", r.address)
	if err == nil {
		err = ended(t, conn)
		conn.Close()
	}
	if !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("got %v", err)
	}
}

func TestSilenceLosesBytesAndEnds(t *testing.T) {
	r := echoed(t)
	before, leaver := linked(t, r), linked(t, r)
	if err := r.poison("silence", nil); err != nil {
		t.Fatal(err)
	}
	after, err := net.Dial("tcp", r.address)
	if err != nil {
		t.Fatal(err)
	}
	defer after.Close()
	leaver.Close()
	for _, conn := range []net.Conn{before, after} {
		if _, err := io.WriteString(conn, strings.Repeat("lost", 10_000)); err != nil {
			t.Fatal(err)
		}
		silent(t, conn, 100*time.Millisecond)
	}
	r.mu.Lock()
	if n := len(r.conns); n != 6 {
		t.Errorf("%d connections, want the six that nobody was told about", n)
	}
	r.mu.Unlock()
	r.drop()
	if err := r.cure("silence"); err != nil {
		t.Fatal(err)
	}
	_ = ended(t, before)
	_ = ended(t, after)
	exchangeBytes(t, linked(t, r), 100)
}

// A link whose writer stops leaves its toxics with chunks that nobody takes.
func TestBytesForAnEndThatHasGoneAreTaken(t *testing.T) {
	conn, far := net.Pipe()
	conn.Close()
	far.Close()
	if n, err := (&relayEnd{Conn: conn}).Write([]byte("late")); n != 4 || err != nil {
		t.Errorf("%d of 4 bytes were taken, %v", n, err)
	}
}

func TestRelayThatIsClosedIsNotOpenedAgain(t *testing.T) {
	r := echoed(t)
	r.Close()
	if err := r.open(); err != nil {
		t.Fatal(err)
	}
	if conn, err := net.Dial("tcp", r.address); err == nil {
		conn.Close()
		t.Error("it accepts")
	}
}

func TestDelayIsFeltInBothDirections(t *testing.T) {
	r := echoed(t)
	conn := linked(t, r)
	if err := r.poison("latency", map[string]int64{"latency": 100}); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	exchangeBytes(t, conn, 100)
	if took := time.Since(began); took < 200*time.Millisecond {
		t.Errorf("there and back in %v, want twice the delay", took)
	}
	if err := r.cure("latency"); err != nil {
		t.Fatal(err)
	}
	if left := r.links.GetToxicArray(); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
	exchangeBytes(t, conn, 100)
}

func TestTrickleHoldsBackAndLosesNothing(t *testing.T) {
	r := echoed(t)
	conn := linked(t, r)
	if err := r.poison("trickle", map[string]int{"rate": 1000}); err != nil {
		t.Fatal(err)
	}
	sent := bytes.Repeat([]byte("trickle"), 100_000)
	written := make(chan error, 1)
	go func() { _, err := conn.Write(sent); written <- err }()
	receive(t, conn, sent[:100])
	select {
	case err := <-written:
		t.Errorf("700 kB could be written: %v", err)
	default:
	}
	if err := r.cure("trickle"); err != nil {
		t.Fatal(err)
	}
	receive(t, conn, sent[100:])
	if err := <-written; err != nil {
		t.Error(err)
	}
}
