// Package realtest is what tests of real programs share: addresses for them, a
// PostgreSQL server, files that need no disk, and patience.
package realtest

import (
	"errors"
	"net"
	"os"
	"testing"
	"time"
)

// Patience is how long a test waits for what must come, however busy the machine is.
const Patience = 2 * time.Minute

// Await polls until ok returns nil, and fails the test with what was missing when it
// takes too long.
func Await(t testing.TB, what string, ok func() error) {
	t.Helper()
	poll := time.NewTicker(2 * time.Millisecond)
	defer poll.Stop()
	deadline := time.After(Patience)
	for {
		err := ok()
		if err == nil {
			return
		}
		select {
		case <-poll.C:
		case <-deadline:
			t.Fatalf("%s: not within %v: %v", what, Patience, err)
		}
	}
}

// Until is Await for what has nothing to say while it does not hold.
func Until(t testing.TB, what string, holds func() bool) {
	t.Helper()
	Await(t, what, func() error {
		if holds() {
			return nil
		}
		return errors.New("it does not hold")
	})
}

// Missing skips a test for which this machine lacks something. In CI nothing is missing:
// there it fails.
func Missing(t testing.TB, err error) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatal(err)
	}
	t.Skip(err)
}

// ShortDir is a directory that lasts as long as the test. Its path is short enough for
// unix sockets in it: HAProxy takes no longer one than 97 bytes.
func ShortDir(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "t")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// FreeAddrs returns n different TCP addresses of a host, such as 127.77.1.1. All are
// held until the last one is known, as the kernel may give a port again that was given
// back. Nobody else takes them if nobody else uses the host.
func FreeAddrs(t testing.TB, host string, n int) []string {
	t.Helper()
	addrs := make([]string, n)
	for i := range addrs {
		l, err := net.Listen("tcp", host+":0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		addrs[i] = l.Addr().String()
	}
	return addrs
}
