package daemon

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/haproof/haproof/harness/harnesstest/realtest"
	"github.com/haproof/haproof/harness/harnesstest/simproxy"
	"github.com/haproof/haproof/harness/tracker/webhook"
)

// running is a daemon, and what it says.
type running struct {
	t         *testing.T
	peers     string
	http      string
	reload    chan os.Signal
	stop      context.CancelFunc
	ended     chan int
	mu        sync.Mutex
	log, text bytes.Buffer
}

func (r *running) Write(b []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.log.Write(b)
}

func (r *running) logged() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.log.String()
}

// start runs the command until stop is called.
func start(t *testing.T, args ...string) *running {
	t.Helper()
	r := &running{t: t, reload: make(chan os.Signal, 1), ended: make(chan int, 1)}
	ready := make(chan struct{})
	ctx, cancel := context.WithCancel(t.Context())
	r.stop = cancel
	c := Command{Name: "quota-tracker", Version: "1", Reload: r.reload, Stdout: &r.text, Ready: func(peers, api string) {
		r.peers, r.http = peers, api
		close(ready)
	}}
	go func() { r.ended <- c.Run(ctx, append([]string{"-peers=127.0.0.1:0", "-http=127.0.0.1:0"}, args...), r) }()
	select {
	case <-ready:
	case code := <-r.ended:
		t.Fatalf("ended with %d: %s", code, r.logged())
	}
	t.Cleanup(cancel)
	return r
}

// end stops the daemon and wants it to have ended well.
func (r *running) end() {
	r.t.Helper()
	r.stop()
	if code := <-r.ended; code != ExitOK {
		r.t.Errorf("ended with %d: %s", code, r.logged())
	}
}

// patience is how long a test waits for what must come, however busy the machine is.
const patience = 2 * time.Minute

func (r *running) totals() map[string]uint64 {
	r.t.Helper()
	answer, err := http.Get("http://" + r.http + "/v1/counts")
	if err != nil {
		r.t.Fatal(err)
	}
	defer answer.Body.Close()
	var counts struct{ Customers map[string]uint64 }
	if err := json.NewDecoder(answer.Body).Decode(&counts); err != nil {
		r.t.Fatal(err)
	}
	return counts.Customers
}

// proxy is a simulated HAProxy that runs until the test ends.
func (r *running) proxy(name string) *simproxy.Proxy {
	p := simproxy.New(simproxy.Config{Name: name, Addrs: []string{r.peers}, Generation: "1", Redial: 50 * time.Millisecond})
	ctx, cancel := context.WithCancel(r.t.Context())
	done := make(chan struct{})
	go func() { defer close(done); p.Run(ctx) }()
	r.t.Cleanup(func() { cancel(); <-done })
	return p
}

// command runs one of the other commands and returns what it printed.
func command(t *testing.T, want int, args ...string) string {
	t.Helper()
	var out, stderr bytes.Buffer
	if code := (Command{Name: "quota-tracker", Stdout: &out}).Run(t.Context(), args, &stderr); code != want {
		t.Fatalf("%q: got exit code %d, want %d: %s", args, code, want, stderr.String())
	}
	return out.String() + stderr.String()
}

func TestTotalsOutliveTheDaemonAndCanBeBilled(t *testing.T) {
	db := filepath.Join(t.TempDir(), "counts.db")
	r := start(t, "-store", db)
	p := r.proxy("hap1")
	p.Inc("a", 3)
	p.Inc("b\xff", 4)
	if err := p.Idle(t.Context()); err != nil {
		t.Fatal(err)
	}
	want := map[string]uint64{"a": 3, "b%FF": 4}
	if got := r.totals(); !cmp.Equal(got, want) {
		t.Error(cmp.Diff(want, got))
	}
	command(t, ExitOK, "verify", "-store", db) // while it runs
	r.end()

	r = start(t, "-store", db)
	if got := r.totals(); !cmp.Equal(got, want) {
		t.Errorf("after a restart: %s", cmp.Diff(want, got))
	}
	busy := command(t, ExitCannot, "-peers=127.0.0.1:0", "-store", db)
	if !strings.Contains(busy, "in use") {
		t.Errorf("a second daemon: got %q, want that the store is in use", busy)
	}
	r.end()

	hour := time.Now().UTC().Truncate(time.Hour).Format(time.RFC3339)
	if got := command(t, ExitOK, "export", "-store", db); !strings.Contains(got, "a,") || !strings.HasPrefix(got, "customer,hour,count\n") {
		t.Errorf("csv: got %q, want a of the hour %s", got, hour)
	}
	sum := map[string]uint64{}
	lines := json.NewDecoder(strings.NewReader(command(t, ExitOK, "export", "-store", db, "-format", "json", "-from", "2020-01-01")))
	for {
		var line struct {
			Customer string
			Count    uint64
		}
		if err := lines.Decode(&line); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		sum[line.Customer] += line.Count
	}
	if !cmp.Equal(sum, want) {
		t.Errorf("json: %s", cmp.Diff(want, sum))
	}
	if got := command(t, ExitOK, "export", "-store", db, "-to", "2020-01-01"); got != "customer,hour,count\n" {
		t.Errorf("nothing counted before 2020: got %q", got)
	}
	if got := command(t, ExitOK, "verify", "-store", db); !strings.Contains(got, "counted 7,") {
		t.Errorf("verify: got %q, want counted 7", got)
	}
}

// What a month needs is compared with the retention that runs, not with one that would
// after a restart.
func TestReloadedPlansMustFitToTheStoreThatRuns(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "config.yaml")
	write := func(retention, plan string) {
		t.Helper()
		text := fmt.Sprintf("store: {url: %s/counts.db, retention: %s}\nlimits: {default: free, plans: {free: %s}}\n", dir, retention, plan)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("24h", "{day: 10}")
	r := start(t, "-config", file)
	write("400d", "{month: 10}")
	r.reload <- syscall.SIGHUP
	realtest.Until(t, "the mistake logged", func() bool {
		return strings.Contains(r.logged(), "these plans need a restart: store.retention 24h0m0s: limits need at least 744h0m0s")
	})
	write("24h", "{day: 11}")
	r.reload <- syscall.SIGHUP
	realtest.Until(t, "the plan in force", func() bool { return strings.Contains(r.logged(), "plans and certificates were read again") })
	r.end()
}

// hooked receives webhooks and remembers what they told.
type hooked struct {
	mu   sync.Mutex
	told []string
}

func (h *hooked) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	err := webhook.Verify(r.Header.Get("Haproof-Signature"), body, []byte("sixteen bytes at least"), time.Minute, time.Now())
	var c struct {
		Customer string
		Percent  int
	}
	if err == nil {
		err = json.Unmarshal(body, &c)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.told = append(h.told, fmt.Sprint(c.Customer, " ", c.Percent, " ", err))
}

func (h *hooked) sorted() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return strings.Join(h.told, ", ")
}

func TestLimitsAreTaughtToldAndReloaded(t *testing.T) {
	receiver := &hooked{}
	hook := httptest.NewServer(receiver)
	defer hook.Close()
	t.Setenv("QUOTA_TRACKER_WEBHOOK_SECRET", "sixteen bytes at least")
	dir := t.TempDir()
	file := filepath.Join(dir, "config.yaml")
	write := func(most int) {
		t.Helper()
		text := fmt.Sprintf("store: {url: %s/counts.db}\nwebhook: {url: %q}\nlimits:\n  table: plan\n  default: free\n  plans: {free: {total: %d, deny: true}, none: {}}\n  customers: {vip: none}\n", dir, hook.URL, most)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(10)
	r := start(t, "-config", file)
	p := r.proxy("hap1")
	p.Inc("a", 9)
	p.Inc("b", 10)
	p.Inc("vip", 99)
	plan := func() map[string][]uint64 { return p.Taught()["/plan"] }
	realtest.Until(t, "b denied", func() bool { return cmp.Equal(plan(), map[string][]uint64{"b": {1}}) })
	realtest.Until(t, "the webhook told", func() bool { return receiver.sorted() == "b 100 <nil>" })

	write(9)
	r.reload <- syscall.SIGHUP
	realtest.Until(t, "a denied", func() bool { return cmp.Equal(plan(), map[string][]uint64{"a": {1}, "b": {1}}) })
	write(11)
	r.reload <- syscall.SIGHUP
	realtest.Until(t, "both released", func() bool { return cmp.Equal(plan(), map[string][]uint64{"a": {0}, "b": {0}}) })

	if err := os.WriteFile(file, []byte("limits: {plans: {free: {totl: 1}}}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	r.reload <- syscall.SIGHUP
	realtest.Until(t, "the mistake logged", func() bool { return strings.Contains(r.logged(), "totl") })
	p.Inc("a", 2)
	realtest.Until(t, "a denied by the plan that stayed", func() bool { return cmp.Equal(plan()["a"], []uint64{1}) })
	r.end()
}

func TestDrainedLinesCountOnce(t *testing.T) {
	addr := fmt.Sprintf("127.79.%d.%d:5514", os.Getpid()%250+1, sites.Add(1))
	file := filepath.Join(t.TempDir(), "config.yaml")
	if err := os.WriteFile(file, []byte("drain: {listen: [\"udp://"+addr+"\"]}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	r := start(t, "-config", file, "-store", filepath.Join(t.TempDir(), "counts.db"))
	conn, err := net.Dial("udp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for _, line := range drainLines {
		if _, err := conn.Write([]byte(line)); err != nil {
			t.Fatal(err)
		}
	}
	realtest.Until(t, "two answers of a and one of b counted", func() bool { return cmp.Equal(r.totals(), map[string]uint64{"a": 2, "b": 1}) })
	r.end()
}

// drainLines are two answers of a and one of b. The network may repeat a line.
var drainLines = []string{
	`QT1 source="hap1" gen="1" seq="7" customer="a"`,
	`QT1 source="hap1" gen="1" seq="7" customer="a"`,
	`QT1 source="hap1" gen="1" seq="8" customer="a"`,
	`QT1 source="hap1" gen="1" seq="9" customer="b"`,
	`QT1 source="hap1" gen="1" seq="9" customer="b"`,
}

func TestASocketThatAKilledProcessLeftIsTakenOver(t *testing.T) {
	path := filepath.Join(t.TempDir(), "api.sock")
	left, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	left.SetUnlinkOnClose(false)
	if got := command(t, ExitCannot, "-peers=127.0.0.1:0", "-store=none", "-http=unix:"+path); !strings.Contains(got, "another process listens") {
		t.Errorf("somebody listens: got %q", got)
	}
	left.Close()
	start(t, "-store=none", "-http=unix:"+path).end()
}

func TestToldToStopWhileItStartsItEndsWell(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var stderr bytes.Buffer
	c := Command{Name: "quota-tracker", Stdout: &stderr}
	if code := c.Run(ctx, []string{"-peers=127.0.0.1:0", "-store", filepath.Join(t.TempDir(), "counts.db")}, &stderr); code != ExitOK {
		t.Errorf("got exit code %d: %s", code, stderr.String())
	}
}
