//go:build amd64 || arm64

package driver

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/haproof/haproof/harness"
)

// pairedWith gives a shard an idle connection to an endpoint in clear, and returns the
// peer's end of it.
func (s *shard) pairedWith(t *testing.T, h *wireHost) (peer int) {
	t.Helper()
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Close(pair[1]) })
	c := s.blank(h)
	c.fd, c.connected = pair[0], true
	for len(s.conns) <= c.fd {
		s.conns = append(s.conns, nil)
	}
	s.conns[c.fd] = c
	s.opened++
	if err := s.poller.watch(c.fd); err != nil {
		t.Fatal(err)
	}
	s.rest(c)
	return pair[1]
}

// TestAnswersThatCameWhileTheClientStoodStillAreNoTimeouts has a client that does not run
// until the patience of all its attempts has ended. All of them but one were answered
// meanwhile, more than one poll tells of, and more than two.
func TestAnswersThatCameWhileTheClientStoodStillAreNoTimeouts(t *testing.T) {
	for _, answered := range []int{wireEvents + 1, 5 * wireEvents / 2} {
		w := usual()
		w.Targets = []harness.Request{{Method: "GET", Host: "a.ads.test", Path: "/"}}
		w.TLS, w.Requests, w.Connections, w.Timeout = 0, uint64(answered+1), answered+1, time.Minute
		g, s, out := asked(t, w, harness.Endpoint{Node: "pairs", HTTP: "127.0.0.1:1"}) // which nobody connects to
		var peers []int
		for range w.Requests {
			peers = append(peers, s.pairedWith(t, &s.servers[0].clear))
		}
		for k := range w.Requests {
			s.start(k, s.now())
		}
		for n := 1; n > 0; { // what has happened so far is known
			var err error
			if n, err = s.poll(0); err != nil {
				t.Fatal(err)
			}
		}
		if s.busy.count != len(peers) || s.opened != len(peers) {
			t.Fatalf("%d in flight over %d connections, want %d", s.busy.count, s.opened, len(peers))
		}
		for _, peer := range peers[:answered] {
			if _, err := unix.Write(peer, []byte(noContent)); err != nil {
				t.Fatal(err)
			}
		}
		s.work.began = s.work.began.Add(-2 * w.Timeout) // the clock goes on, the client does not
		if err := s.look(0); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(map[string]int{"ok": answered, "indeterminate timeout": 1}, tally(reported(t, g, s, out))); diff != "" {
			t.Errorf("%d answers: %s", answered, diff)
		}
	}
}
