package driver

import (
	"net"
	"syscall"
	"testing"
	"time"

	"github.com/haproof/haproof/harness/harnesstest/realtest"
)

// TestIdleConnectionsAreJudgedByWhatWaitsOnThem says what a connection that has
// carried an attempt, and one that has not, may find waiting.
func TestIdleConnectionsAreJudgedByWhatWaitsOnThem(t *testing.T) {
	for _, c := range []struct {
		why        string
		used       bool
		peer       act
		bytes, end bool // what the peer's act sends
		want       bool
	}{
		{"quiet after use", true, hang, false, false, true},
		{"quiet when fresh", false, hang, false, false, true},
		{"closed after use", true, hangUp, false, true, false},
		{"closed when fresh", false, hangUp, false, true, false},
		{"an unasked answer after use", true, andHang("HTTP/1.1 408 Request Timeout\r\n\r\n"), true, false, false},
		{"session tickets when fresh", false, andHang("ticket"), true, false, true},
		{"session tickets, then closed", false, say("ticket"), true, true, false},
	} {
		cn, _, err := dial(hostile(t, c.peer).HTTP, nil, time.Now().Add(30*time.Second))
		if err != nil {
			t.Fatal(err)
		}
		cn.used = c.used
		realtest.Until(t, c.why, func() bool { return come(t, cn, c.bytes, c.end) })
		if got := cn.usable(); got != c.want {
			t.Errorf("%s: usable %v, want %v", c.why, got, c.want)
		}
		_ = cn.Close()
	}
}

// andHang says something and keeps the connection open.
func andHang(text string) act {
	return func(c net.Conn) { say(text)(c); hang(c) }
}

// ended says whether the peer's end of a connection has come.
func ended(t *testing.T, c *conn) (yes bool) {
	t.Helper()
	if err := c.socket.raw.Control(func(fd uintptr) { yes = hungUp(fd) }); err != nil {
		t.Fatal(err)
	}
	return yes
}

// come says whether bytes, and the end, have come as the case wants.
func come(t *testing.T, c *conn, bytes, end bool) (yes bool) {
	t.Helper()
	err := c.socket.raw.Control(func(fd uintptr) {
		n, _, _ := syscall.Recvfrom(int(fd), make([]byte, 1), syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
		yes = (n > 0) == bytes && hungUp(fd) == end
	})
	if err != nil {
		t.Fatal(err)
	}
	return yes
}
