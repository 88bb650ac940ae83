package driver

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/haproof/haproof/harness"
	"github.com/haproof/haproof/harness/harnesstest/realtest"
)

// TestHAProxyKeepsUsersOnTheirServer has a real HAProxy balance users over three servers
// by a cookie that it inserts: who sends it back stays where it was, who has none is
// sent round.
func TestHAProxyKeepsUsersOnTheirServer(t *testing.T) {
	var mu sync.Mutex
	servers := map[uint64]int{} // by sequence id
	var addresses []string
	for i := range 3 {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			seq, _ := strconv.ParseUint(r.Header.Get(harness.SeqHeader), 10, 64)
			mu.Lock()
			servers[seq] = i
			mu.Unlock()
			_ = answerAsLab(w, r)
		}))
		t.Cleanup(s.Close)
		addresses = append(addresses, s.Listener.Addr().String())
	}
	proxy := stickyHAProxy(t, addresses)
	everyDriver(t, func(t *testing.T, d harness.Driver) {
		if strings.HasSuffix(t.Name(), "h2") {
			t.Skip("this HAProxy speaks HTTP/1.1")
		}
		for _, cookies := range []bool{true, false} {
			clear(servers)
			w := sessionsWorkload()
			w.Users.Cookies, w.TLS = cookies, 0
			attempts, _, err := played(t.Context(), t, d, w, harness.Endpoint{Node: "proxy", HTTP: proxy})
			if err != nil {
				t.Fatal(err)
			}
			moved, used := 0, map[int]bool{}
			for _, a := range attempts {
				if a.Outcome != harness.OK {
					t.Fatalf("attempt %+v", a)
				}
				used[servers[a.Seq]] = true
				if servers[a.Seq] != servers[a.Seq/5*5] {
					moved++
				}
			}
			if len(used) != 3 || (moved == 0) != cookies {
				t.Errorf("cookies %v: %d of %d attempts went to another server than their user's first, %d servers in use", cookies, moved, len(attempts), len(used))
			}
		}
	})
}

// stickyHAProxy runs HAProxy until the test ends and returns its address.
func stickyHAProxy(t *testing.T, servers []string) string {
	t.Helper()
	program := realtest.NeedHAProxy(t)
	// HAProxy inherits the socket: a port that was free a moment ago may be another's.
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	inherited, err := l.(*net.TCPListener).File()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = inherited.Close() }()
	config := "defaults\n mode http\n timeout client 30s\n timeout server 30s\n timeout connect 30s\nlisten sticky\n bind fd@3" +
		"\n balance roundrobin\n cookie SRV insert indirect nocache\n"
	for i, server := range servers {
		config += fmt.Sprintf(" server s%d %s cookie c%d\n", i, server, i)
	}
	file := filepath.Join(t.TempDir(), "haproxy.cfg")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	c := exec.CommandContext(ctx, program, "-db", "-f", file)
	c.ExtraFiles = []*os.File{inherited} // number 3
	if err := c.Start(); err != nil {
		stop()
		t.Fatal(err)
	}
	t.Cleanup(func() { stop(); _ = c.Wait() })
	// The kernel takes connections before HAProxy does.
	probe := http.Client{Timeout: time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	realtest.Until(t, "HAProxy answers", func() bool {
		response, err := probe.Get("http://" + l.Addr().String() + "/beacon")
		if err == nil {
			_ = response.Body.Close()
		}
		return err == nil
	})
	return l.Addr().String()
}
