package peers_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/haproof/haproof/harness/harnesstest/realtest"
	"github.com/haproof/haproof/harness/peers"
)

// patience is how long a test waits for what must come, however busy the machine is.
const patience = 2 * time.Minute

// proxyConfig has a table that HAProxy counts in and one that it is taught.
const proxyConfig = `global
    stats socket ipv4@$SOCKET level admin
    stats timeout 30s
    .if version_atleast(3.3)
    uid 0
    gid 0
    chroot /
    .endif

defaults
    mode http
    timeout connect 60s
    timeout client 60s
    timeout server 60s

peers tracker
    bind $LOCAL
    server hap1
    server tracker $TRACKER
    table quota type string len 64 size 1k store gpc0
    table plan type string len 64 size 1k expire $EXPIRE store gpt0

frontend front
    bind $FRONT
    http-request deny deny_status 429 if { req.hdr(customer),table_gpt0(tracker/plan) gt 0 }
    http-request track-sc0 hdr(customer) table tracker/quota
    http-request sc-inc-gpc0(0)
    http-request return status 200
`

// program is a way to run one version of HAProxy.
type program struct {
	name  string
	image string // empty for the installed one
}

// programs are the HAProxies that this machine can run.
func programs(t *testing.T) []program {
	t.Helper()
	var all []program
	if _, err := exec.LookPath("haproxy"); err == nil {
		all = append(all, program{name: "installed"})
	}
	for _, version := range []string{"2.6", "3.0", "3.2", "3.4"} {
		image := "haproof/haproxy:" + version
		if exec.Command("docker", "image", "inspect", image).Run() == nil {
			all = append(all, program{version, image})
		}
	}
	if len(all) == 0 && os.Getenv("CI") == "true" {
		t.Fatal("no HAProxy on this machine")
	}
	if len(all) == 0 || testing.Short() {
		t.Skip("needs HAProxy")
	}
	return all
}

// proxy is a running HAProxy, with us as its peer.
type proxy struct {
	t                    *testing.T
	socket, local, front string
	peers                net.Listener // where it calls us
}

// listen listens on a loopback address that belongs to the caller, with all its ports, until
// it is closed: nobody else has its port, which the kernel gives to nobody by itself.
func listen(t *testing.T) (ln net.Listener, host string) {
	t.Helper()
	for range 1000 {
		host = fmt.Sprintf("127.77.%d.%d", 100+rand.IntN(100), 1+rand.IntN(250))
		ln, err := net.Listen("tcp", host+":10000")
		if err == nil {
			return ln, host
		}
		if !errors.Is(err, syscall.EADDRINUSE) {
			t.Fatal(err)
		}
	}
	t.Fatal("every address is taken")
	return nil, ""
}

func (pr program) start(t *testing.T, expire string) *proxy {
	t.Helper()
	ln, host := listen(t)
	p := &proxy{t: t, socket: host + ":10001", local: host + ":10002", front: host + ":10003", peers: ln}
	t.Cleanup(func() { p.peers.Close() })
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	config := strings.NewReplacer("$SOCKET", p.socket, "$LOCAL", p.local, "$TRACKER", p.peers.Addr().String(),
		"$FRONT", p.front, "$EXPIRE", expire).Replace(proxyConfig)
	file := filepath.Join(dir, "haproxy.cfg")
	if err := os.WriteFile(file, []byte(config), 0o644); err != nil {
		t.Fatal(err)
	}
	command := []string{"haproxy", "-db", "-L", "hap1", "-f", file}
	if pr.image != "" {
		name := fmt.Sprintf("haproof-peers-test-%d-%d", os.Getpid(), time.Now().UnixNano())
		command = append([]string{"docker", "run", "--rm", "--network", "host", "--name", name, "-v", dir + ":" + dir + ":ro", pr.image}, command...)
		t.Cleanup(func() { _ = exec.Command("docker", "rm", "-f", name).Run() })
	}
	cmd := exec.Command(command[0], command[1:]...)
	var log bytes.Buffer
	cmd.Stdout, cmd.Stderr = &log, &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("HAProxy said: %s", log.String())
		}
	})
	p.await("HAProxy answers", func() error {
		_, err := p.ask("show info")
		return err
	})
	return p
}

// await waits until try returns nil.
func (p *proxy) await(what string, try func() error) {
	p.t.Helper()
	realtest.Await(p.t, what, try)
}

// ask sends a command to HAProxy's socket.
func (p *proxy) ask(command string) (string, error) {
	conn, err := net.DialTimeout("tcp", p.socket, patience)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		return "", err
	}
	fmt.Fprintln(conn, command)
	text, err := io.ReadAll(conn)
	return string(text), err
}

// entries are the entries of a table: key to the rest of its line.
func (p *proxy) entries(table string) map[string]string {
	p.t.Helper()
	text, err := p.ask("show table " + table)
	if err != nil {
		p.t.Fatal(err)
	}
	all := map[string]string{}
	for _, found := range regexp.MustCompile(`(?m)key=(\S+) (.*)$`).FindAllStringSubmatch(text, -1) {
		all[found[1]] = found[2]
	}
	return all
}

// value finds a number such as gpt0=1 in the entry of a key; false if it has no entry.
func (p *proxy) value(table, key, name string) (int, bool) {
	p.t.Helper()
	found := regexp.MustCompile(`\b` + name + `=(\d+)`).FindStringSubmatch(p.entries(table)[key])
	if found == nil {
		return 0, false
	}
	n, err := strconv.Atoi(found[1])
	if err != nil {
		p.t.Fatal(err)
	}
	return n, true
}

// get sends one request of a customer and returns the status of the answer.
func (p *proxy) get(customer string) int {
	p.t.Helper()
	req, err := http.NewRequestWithContext(p.t.Context(), http.MethodGet, "http://"+p.front+"/", nil)
	if err != nil {
		p.t.Fatal(err)
	}
	req.Header.Set("customer", customer)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		p.t.Fatal(err)
	}
	resp.Body.Close()
	return resp.StatusCode
}

func (p *proxy) demand(customer string, want int) {
	p.t.Helper()
	if got := p.get(customer); got != want {
		p.t.Errorf("%s: got %d, want %d", customer, got, want)
	}
}

// tracker is our side: it notes what was counted, and teaches who is to be denied.
type tracker struct {
	lesson func(*peers.Session) error // may be nil

	mu       sync.Mutex
	counts   map[string]uint64 // the largest value seen of each customer
	finished int               // resyncs
	timed    int               // updates
}

func (k *tracker) Update(u *peers.Update) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if u.Timed {
		k.timed++
	}
	if v, ok := u.Uint(peers.GPC0); ok && u.Table.Name == "/quota" {
		if k.counts == nil {
			k.counts = map[string]uint64{}
		}
		k.counts[string(u.Key)] = max(k.counts[string(u.Key)], v)
	}
}

func (k *tracker) Control(c peers.Control) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if c == peers.ResyncFinished {
		k.finished++
	}
}

func (k *tracker) Commit() error { return nil }

func (k *tracker) Lesson(s *peers.Session) error {
	if k.lesson == nil {
		return nil
	}
	return k.lesson(s)
}

// has says what is missing until a customer has been counted that often.
func (k *tracker) has(customer string, want uint64) func() error {
	return func() error {
		k.mu.Lock()
		defer k.mu.Unlock()
		if got := k.counts[customer]; got != want {
			return fmt.Errorf("%s: counted %d of %d", customer, got, want)
		}
		return nil
	}
}

var trackerConfig = peers.Config{Name: "tracker", NeverTeach: []string{"/quota"}}

// accept waits for HAProxy to call and runs the session until the test ends.
func (p *proxy) accept(k *tracker) *peers.Session {
	p.t.Helper()
	sessions := make(chan *peers.Session, 16)
	p.serve(k, sessions)
	select {
	case s := <-sessions:
		return s
	case <-time.After(patience):
		p.t.Fatal("HAProxy did not call")
		return nil
	}
}

// serve answers all calls until the test ends.
func (p *proxy) serve(k *tracker, sessions chan<- *peers.Session) {
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() {
		served <- peers.Serve(ctx, p.peers, 8, func(conn net.Conn) func(context.Context) {
			return func(ctx context.Context) {
				s, err := peers.Accept(ctx, conn, trackerConfig, func(peers.Hello) peers.Status { return peers.StatusOK })
				if err != nil {
					return
				}
				select {
				case sessions <- s:
				default:
				}
				_ = s.Run(ctx, k) // a collision ends it with a reset
			}
		})
	}()
	p.t.Cleanup(func() {
		cancel()
		if err := <-served; err != nil {
			p.t.Error(err)
		}
	})
}

func isForbidden(err error) bool { return errors.Is(err, peers.ErrForbidden) }
