package drain

import (
	"errors"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestReceiverDeliversFromEverySocket(t *testing.T) {
	dir := t.TempDir()
	r := newRig(t, Config{Listen: []string{
		"udp://127.0.0.1:0", "udp://[::1]:0", "tcp://127.0.0.1:0", "unixgram://" + dir + "/d.sock", "unix://" + dir + "/s.sock",
	}})
	for i := range r.Addrs() {
		send(t, r.dial(i), numbered(i))
	}
	r.awaitLines(5)
	if diff := cmp.Diff(counted(5), r.lines()); diff != "" {
		t.Error(diff)
	}
}

func TestReceiverCountsOtherLinesApart(t *testing.T) {
	r := newRig(t, Config{Listen: []string{"udp://127.0.0.1:0"}, MaxLine: 200})
	conn := r.dial(0)
	send(t, conn, "<132>Nov 21 04:14:25 haproxy[14266]: Proxy front stopped (cumulated conns: FE: 12, BE: 0).\n")
	send(t, conn, `QT1 source="hap1" gen="1" seq="x" customer="c"`)
	send(t, conn, strings.Repeat("x", 201))
	send(t, conn, numbered(0))
	r.awaitLines(1)
	s := r.Stats()
	if s.Lines != 1 || s.Foreign != 1 || s.Malformed != 1 || s.TooLong != 1 || !strings.Contains(s.LastFault, "too long") {
		t.Errorf("got %+v", s)
	}
}

func TestReceiverFormsABatchWhileTheOneBeforeIsHandled(t *testing.T) {
	const lines = 1000
	batches, release := make(chan int, lines), make(chan struct{})
	r := &rig{t: t}
	r.start(Config{Listen: []string{"tcp://127.0.0.1:0"}}, func(batch []Line) error {
		batches <- len(batch)
		<-release
		return r.keep(batch)
	})
	conn := r.dial(0)
	send(t, conn, numbered(0))
	if got := <-batches; got != 1 {
		t.Errorf("first batch: got %d, want 1", got)
	}
	for i := range lines - 1 {
		send(t, conn, numbered(i+1))
	}
	r.awaitStats("the others wait", func(s Stats) bool { return s.Pending == lines-1 && s.Handled == 1 })
	close(release)
	if got := <-batches; got != lines-1 {
		t.Errorf("second batch: got %d, want %d", got, lines-1)
	}
	r.awaitLines(lines)
	r.awaitStats("nothing is left", func(s Stats) bool { return s.Pending == 0 && s.Handled == 0 })
	if diff := cmp.Diff(counted(lines), r.got); diff != "" { // in the order in which they came
		t.Error(diff)
	}
}

func TestReceiverSlowsDownAStreamAndLosesNothing(t *testing.T) {
	const lines = 20_000
	const pending = 3
	r := &rig{t: t}
	r.start(Config{Listen: []string{"tcp://127.0.0.1:0"}, MaxPending: pending}, func(batch []Line) error {
		if len(batch) > pending {
			t.Errorf("batch of %d lines, limit %d", len(batch), pending)
		}
		return r.keep(batch)
	})
	conn := r.dial(0)
	for i := range lines {
		send(t, conn, numbered(i))
	}
	r.awaitLines(lines)
	if diff := cmp.Diff(counted(lines), r.lines()); diff != "" {
		t.Error(diff)
	}
}

func TestReceiverEndsWhenHandleFails(t *testing.T) {
	receiver, err := New(t.Context(), Config{Listen: []string{"udp://127.0.0.1:0", "tcp://127.0.0.1:0"}, MaxPending: 1})
	if err != nil {
		t.Fatal(err)
	}
	full := errors.New("disk full")
	done := make(chan error, 1)
	go func() { done <- receiver.Run(t.Context(), func([]Line) error { return full }) }()
	conn, err := net.Dial("tcp", receiver.Addrs()[1].String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	send(t, conn, numbered(0)+numbered(1)+numbered(2)+numbered(3))
	if err := <-done; !errors.Is(err, full) {
		t.Errorf("got %v, want %v", err, full)
	}
}

func TestReceiverHandlesWhatHasArrivedWhenItStops(t *testing.T) {
	const lines = 100
	dir := t.TempDir()
	for _, listen := range []string{"udp://127.0.0.1:0", "tcp://127.0.0.1:0", "unix://" + dir + "/s.sock"} {
		entered, release := make(chan struct{}, lines), make(chan struct{})
		r := &rig{t: t}
		r.start(Config{Listen: []string{listen}, MaxPending: 1}, func(batch []Line) error {
			entered <- struct{}{}
			<-release
			return r.keep(batch)
		})
		conn := r.dial(0)
		for i := range lines {
			send(t, conn, numbered(i))
		}
		<-entered // and with one waiting, all others are still in the kernel
		time.AfterFunc(2*stopGrace, func() { close(release) })
		r.stop()
		if diff := cmp.Diff(counted(lines), r.lines()); diff != "" {
			t.Errorf("%s: %s", listen, diff)
		}
	}
}

func TestReceiverSeesWhatTheKernelLost(t *testing.T) {
	const lines = 2000
	release := make(chan struct{})
	r := &rig{t: t}
	r.start(Config{Listen: []string{"udp://127.0.0.1:0"}, MaxPending: 1, Buffer: 4096}, func(batch []Line) error {
		<-release
		return r.keep(batch)
	})
	conn := r.dial(0)
	for i := range lines {
		send(t, conn, numbered(i))
	}
	s := r.Stats().Sockets[0]
	if s.Buffer < 4096 || s.Lost == 0 || s.Waiting == 0 {
		t.Errorf("got %+v, want datagrams lost and others waiting", s)
	}
	close(release)
	r.awaitLines(lines - int(s.Lost))
	r.awaitStats("none waits", func(s Stats) bool { return s.Sockets[0].Waiting == 0 })
}

func TestReceiverRefusesStrangers(t *testing.T) {
	r := newRig(t, Config{
		Listen: []string{"udp://127.0.0.1:0", "tcp://127.0.0.1:0"}, Allow: []netip.Prefix{netip.MustParsePrefix("127.9.0.0/16")},
	})
	stranger := r.dial(0)
	send(t, stranger, numbered(9))
	refused := r.dial(1)
	if _, err := refused.Read(make([]byte, 1)); err == nil {
		t.Error("the connection was not closed")
	}
	r.awaitStats("both seen", func(s Stats) bool { return s.Forbidden == 2 })
	for i, network := range []string{"udp", "tcp"} {
		addr := r.Addrs()[i]
		from, err := r.localDialer(network).Dial(network, addr.String())
		if err != nil {
			t.Fatal(err)
		}
		defer from.Close()
		send(t, from, numbered(i))
	}
	r.awaitLines(2)
	if diff := cmp.Diff(counted(2), r.lines()); diff != "" {
		t.Error(diff)
	}
}

// localDialer dials from 127.9.0.1.
func (r *rig) localDialer(network string) *net.Dialer {
	ip := net.IPv4(127, 9, 0, 1)
	if network == "udp" {
		return &net.Dialer{LocalAddr: &net.UDPAddr{IP: ip}}
	}
	return &net.Dialer{LocalAddr: &net.TCPAddr{IP: ip}}
}

func TestReceiverTurnsOffConnectionsBeyondTheLimit(t *testing.T) {
	r := newRig(t, Config{Listen: []string{"tcp://127.0.0.1:0"}, MaxConns: 2})
	first := r.dial(0)
	r.dial(0)
	r.awaitStats("two open", func(s Stats) bool { return s.Open == 2 })
	if _, err := r.dial(0).Read(make([]byte, 1)); err == nil {
		t.Error("the third was not closed")
	}
	send(t, first, numbered(0))
	r.awaitLines(1)
	first.Close()
	r.awaitStats("one open", func(s Stats) bool { return s.Open == 1 })
	send(t, r.dial(0), numbered(1))
	r.awaitLines(2)
	if got := r.Stats().TurnedOff; got != 1 {
		t.Errorf("turned off: got %d, want 1", got)
	}
}

func TestReceiverEndsALineThatNeverEnds(t *testing.T) {
	r := newRig(t, Config{Listen: []string{"tcp://127.0.0.1:0"}, LineTimeout: 50 * time.Millisecond})
	idle := r.dial(0)
	send(t, idle, numbered(0))
	r.awaitLines(1)
	for range 2 {
		slow := r.dial(0)
		send(t, slow, "QT1 ")
		if _, err := slow.Read(make([]byte, 1)); err == nil {
			t.Error("the connection was not closed")
		}
	}
	send(t, idle, numbered(1)) // between two lines there is no haste
	r.awaitLines(2)
	if s := r.Stats(); s.Broken != 2 {
		t.Errorf("got %+v", s)
	}
}

func TestReceiverGoesOnAfterGarbage(t *testing.T) {
	r := newRig(t, Config{Listen: []string{"tcp://127.0.0.1:0"}, MaxLine: 100})
	conn := r.dial(0)
	send(t, conn, strings.Repeat("\x00\xff", 1000)+"\n"+numbered(0)+strings.Repeat("x", 5000)+"\n"+numbered(1))
	r.awaitLines(2)
	broken := r.dial(0)
	send(t, broken, "101 x") // a count beyond the limit: where would the next message begin?
	if _, err := broken.Read(make([]byte, 1)); err == nil {
		t.Error("the connection was not closed")
	}
	if s := r.Stats(); s.TooLong != 2 || s.Broken != 1 {
		t.Errorf("got %+v", s)
	}
}
