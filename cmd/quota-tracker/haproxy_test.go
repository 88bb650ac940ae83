package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/haproof/haproof/harness/harnesstest/realtest"
	"github.com/haproof/haproof/harness/runtimeapi"
	"github.com/haproof/haproof/harness/tracker/api"
)

const haproxyText = `
global
    stats socket $DIR/admin.sock mode 600 level admin
    set-var proc.gen date(0,ms)
    hard-stop-after 5s

defaults
    mode http
    timeout connect 5s
    timeout client 5s
    timeout server 5s

peers tracker
    peer hap1 $LOCAL
    peer one $ONE
    peer two $TWO
    table quota type string len 64 size 100k store gpc0

frontend front
    bind $FRONT
    http-request track-sc0 req.hdr(customer),concat("|",proc.gen) table tracker/quota
    http-request sc-inc-gpc0(0)
    http-request return status 200
`

// haproxy is a real one.
type haproxy struct {
	t      *testing.T
	front  string
	admin  *runtimeapi.Client
	master *runtimeapi.Client
	sent   map[string]uint64
}

func startHAProxy(t *testing.T, one, two *program) *haproxy {
	t.Helper()
	realtest.NeedHAProxy(t)
	dir := realtest.ShortDir(t)
	host := fmt.Sprintf("127.77.9.%d", hosts.Add(1))
	addrs := realtest.FreeAddrs(t, host, 2)
	h := &haproxy{t: t, front: addrs[0], admin: runtimeapi.New(dir + "/admin.sock"), master: runtimeapi.New(dir + "/master.sock"), sent: map[string]uint64{}}
	config := strings.NewReplacer("$DIR", dir, "$LOCAL", addrs[1], "$ONE", one.peers, "$TWO", two.peers, "$FRONT", h.front).Replace(haproxyText)
	realtest.StartHAProxy(t, config, dir+"/master.sock")
	return h
}

// drive sends so many attempts, each on a connection of its own: none is left to an
// old process.
func (h *haproxy) drive(attempts int) {
	h.t.Helper()
	for i := range attempts {
		name := fmt.Sprintf("c%02d", i%20)
		req, err := http.NewRequestWithContext(h.t.Context(), http.MethodGet, "http://"+h.front, nil)
		if err != nil {
			h.t.Fatal(err)
		}
		req.Header.Set("customer", name)
		req.Close = true
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			h.t.Fatal(err)
		}
		_, err = io.Copy(io.Discard, resp.Body)
		if err = errors.Join(err, resp.Body.Close()); err != nil || resp.StatusCode != http.StatusOK {
			h.t.Fatalf("attempt %d: %s: %v", i, resp.Status, err)
		}
		h.sent[name]++
	}
}

// reload waits until a tracker knows the new process and was told everything by it.
func (h *haproxy) reload(p *program) {
	h.t.Helper()
	old := h.source(p)
	realtest.Await(h.t, "the master answers", func() error { // one that has only just started may overlook what it is told
		_, err := h.master.ShowProc(h.t.Context())
		return err
	})
	_, _ = h.master.Command(h.t.Context(), "reload") // it may begin anew before it has answered
	realtest.Await(h.t, "new process has told everything", func() error {
		if now := h.source(p); now.PID == old.PID || now.Resync != "finished" {
			return fmt.Errorf("source is %+v", now)
		}
		return nil
	})
}

func (h *haproxy) source(p *program) api.Source {
	h.t.Helper()
	var s api.Source
	if err := p.get("/v1/sources/hap1", &s); err != nil {
		h.t.Fatal(err)
	}
	return s
}

// settle waits until HAProxy has nothing left to say to anybody, twice in a row. It
// never looks at the counts.
func (h *haproxy) settle() {
	h.t.Helper()
	still := 0
	realtest.Await(h.t, "everything pushed and acknowledged", func() error {
		ctx, cancel := context.WithTimeout(h.t.Context(), realtest.Patience)
		defer cancel()
		sections, err := h.admin.ShowPeers(ctx)
		if err != nil {
			return err
		}
		if ok, left := runtimeapi.Quiet(sections); !ok {
			still = 0
			return errors.New(left)
		}
		if still++; still < 2 {
			return errors.New("only once")
		}
		return nil
	})
}

// Two trackers of a real HAProxy agree to the last count, although one of them was
// down for two reloads and what was counted meanwhile.
func TestTwoTrackersOfAHAProxyAgreeAfterOneWasDown(t *testing.T) {
	if testing.Short() {
		t.Skip("needs a real HAProxy")
	}
	t.Parallel()
	one := newProgram(t, "one", filepath.Join(t.TempDir(), "one.db"), "generation")
	two := newProgram(t, "two", filepath.Join(t.TempDir(), "two.db"), "generation")
	one.start()
	two.start()
	h := startHAProxy(t, one, two)
	for _, p := range []*program{one, two} {
		realtest.Await(t, p.name+" was told everything", func() error { return p.told(1) })
	}
	h.drive(300)
	two.kill()
	h.drive(300)
	h.reload(one)
	h.drive(300)
	h.reload(one)
	h.drive(300)
	two.start()
	realtest.Await(t, "two was told everything", func() error { return two.told(1) })
	h.drive(300)
	h.settle()
	for _, p := range []*program{one, two} {
		if diff := cmp.Diff(h.sent, p.counts()); diff != "" {
			t.Errorf("%s: %s", p.name, diff)
		}
	}
}
