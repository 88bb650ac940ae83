package drain

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/haproof/haproof/harness/harnesstest/realtest"
	"github.com/haproof/haproof/harness/peers"
)

// The configuration counts in the table, or drains into the log, by rules that ask
// once whether the process is stopping. $LOGS is one of the two below.
const proxyText = `
global
    set-var proc.gen date(0,ms)
    hard-stop-after 60s

defaults
    mode http
    timeout connect 60s
    timeout client 60s
    timeout server 60s

peers tracker
    bind $LOCAL
    server hap1
    server tracker $TRACKER
    table quota type string len 1100 size 100k store gpc0

frontend front
    bind $FRONT
    bind $FRONT2 proto h2
$LOGS
    default_backend application

backend application
    acl charged res.hdr(customer) -m found
    acl drained var(txn.drain) -m found
    http-response set-var(txn.drain) str(QT1) if charged { stopping }
    http-response set-var(txn.customer) res.hdr(customer),url_enc if drained
    http-response set-log-level notice if drained
    http-response track-sc2 res.hdr(customer),concat("|",proc.gen) table tracker/quota if charged !drained
    http-response sc-inc-gpc0(2) if charged !drained
    server application $ORIGIN
`

// Beside the normal log, of which not a byte changes.
const besideText = `
    log $DRAIN len 4096 format rfc5424 local0 notice
    log-format-sd "[%[var(txn.drain)] source=\"${HAPROXY_LOCALPEER}\" gen=%{+Q}[var(proc.gen)] seq=\"%rt\" customer=%{+Q}[var(txn.customer)]]"
    log $ACCESS format rfc3164 local0
    option httplog`

// Where no normal log is wanted.
const aloneText = `
    log $DRAIN len 4096 format raw local0 notice
    log-format "%[var(txn.drain)] source=\"${HAPROXY_LOCALPEER}\" gen=%{+Q}[var(proc.gen)] seq=\"%rt\" customer=%{+Q}[var(txn.customer)]"`

// proxies numbers them: each lives on a loopback address of its own.
var proxies atomic.Uint32

// proxy is a real HAProxy between clients and an origin, with a peer that takes down
// its table and a Receiver for its drain log.
type proxy struct {
	t       *testing.T
	master  string // socket of its command line
	front   string
	front2  string      // speaks HTTP/2
	process *os.Process // the master
	drained *rig
	access  net.PacketConn // of the normal log

	gate chan struct{} // attempts with ?gate wait for it at the origin

	mu       sync.Mutex
	held     int               // attempts at the gate
	served   map[string]uint64 // by the origin
	table    map[string]uint64 // by key
	sessions []*proxySession   // in the order in which they began
}

// newProxy starts an HAProxy that drains to listen, which may name $DIR.
func newProxy(t *testing.T, logs, listen string) *proxy {
	t.Helper()
	realtest.NeedHAProxy(t)
	host, dir := fmt.Sprintf("127.78.3.%d", proxies.Add(1)%250+1), t.TempDir()
	p := &proxy{t: t, master: dir + "/m.sock", gate: make(chan struct{}), served: map[string]uint64{}, table: map[string]uint64{}}
	called := p.listenForPeers(host)
	free := realtest.FreeAddrs(t, host, 3)
	p.front, p.front2 = free[0], free[1]
	p.drained = newRig(t, Config{Listen: []string{strings.NewReplacer("$DIR", dir, "$HOST", host).Replace(listen)}})
	access, err := net.ListenPacket("udp", host+":0")
	if err != nil {
		t.Fatal(err)
	}
	p.access = access
	t.Cleanup(func() { p.access.Close() })
	origin := httptest.NewServer(http.HandlerFunc(p.serve))
	t.Cleanup(origin.Close)
	config := strings.Replace(proxyText, "$LOGS", logs, 1)
	config = strings.NewReplacer("$DIR", dir, "$LOCAL", free[2], "$TRACKER", called,
		"$FRONT2", p.front2, "$FRONT", p.front, "$ORIGIN", origin.Listener.Addr().String(),
		"$DRAIN", p.drained.Addrs()[0].String(), "$ACCESS", p.access.LocalAddr().String()).Replace(config)
	p.process = realtest.StartHAProxy(t, config, p.master)
	realtest.Await(t, "HAProxy connected", func() error { return p.taught(0) })
	return p
}

// serve is the origin: it charges the customer that the query names.
func (p *proxy) serve(w http.ResponseWriter, req *http.Request) {
	query := req.URL.Query()
	name := query.Get("customer")
	if query.Has("gate") {
		p.mu.Lock()
		p.held++
		p.mu.Unlock()
		select {
		case <-p.gate:
		case <-req.Context().Done():
		}
	}
	if d, err := time.ParseDuration(query.Get("delay")); err == nil {
		pause(req.Context(), d)
	}
	w.Header()["Customer"] = []string{name}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.served[name]++
}

func (p *proxy) url(front, customer, more string) string {
	return "http://" + front + "/?customer=" + url.QueryEscape(customer) + more
}

// reload returns when a new worker has learned everything from the old one. It asks
// again after a while: a master that has only just started may overlook the signal.
func (p *proxy) reload() {
	p.t.Helper()
	before := p.begun()
	asked := time.Time{}
	realtest.Await(p.t, "new worker connected", func() error {
		if time.Since(asked) > 10*time.Second && p.begun() == before {
			asked = time.Now()
			if err := p.process.Signal(syscall.SIGUSR2); err != nil {
				return err
			}
		}
		return p.taught(before)
	})
}

// proxySession takes down what one worker says.
type proxySession struct {
	*proxy
	lessons int // resyncs that it has finished
	ended   bool
}

// listenForPeers returns the address of the tracker.
func (p *proxy) listenForPeers(host string) string {
	p.t.Helper()
	listener, err := net.Listen("tcp", host+":0")
	if err != nil {
		p.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	cfg := peers.Config{Name: "tracker", ResyncEvery: 200 * time.Millisecond, ResyncRetry: 100 * time.Millisecond}
	go func() {
		done <- peers.Serve(ctx, listener, 16, func(conn net.Conn) func(context.Context) {
			return func(ctx context.Context) {
				session, err := peers.Accept(ctx, conn, cfg, func(peers.Hello) peers.Status { return peers.StatusOK })
				if err == nil {
					p.attend(ctx, session)
				}
			}
		})
	}()
	p.t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			p.t.Error(err)
		}
	})
	return listener.Addr().String()
}

func (p *proxy) attend(ctx context.Context, session *peers.Session) {
	s := &proxySession{proxy: p}
	p.mu.Lock()
	p.sessions = append(p.sessions, s)
	p.mu.Unlock()
	_ = session.Run(ctx, s) // a worker that goes resets its connection
	p.mu.Lock()
	defer p.mu.Unlock()
	s.ended = true
}

// Update keeps the highest value of each key: with the process in its name it only grows.
func (s *proxySession) Update(u *peers.Update) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.table[string(u.Key)] = max(s.table[string(u.Key)], u.Values[0])
}

func (s *proxySession) Control(c peers.Control) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c == peers.ResyncFinished {
		s.lessons++
	}
}

func (s *proxySession) Commit() error { return nil }

// begun returns how many sessions have.
func (p *proxy) begun() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.sessions)
}

// taught says what is missing until a session after the first so many has finished a
// lesson, and all before it have ended.
func (p *proxy) taught(sessions int) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.sessions) <= sessions {
		return fmt.Errorf("%d sessions", len(p.sessions))
	}
	for i, s := range p.sessions {
		if last := i == len(p.sessions)-1; last && s.lessons == 0 || !last && !s.ended {
			return fmt.Errorf("session %d of %d: %d lessons, ended %v", i, len(p.sessions), s.lessons, s.ended)
		}
	}
	return nil
}

// settle waits until the old workers are gone and the last one has then told
// everything twice. It never looks at the counts.
func (p *proxy) settle() {
	p.t.Helper()
	realtest.Await(p.t, "one worker left", func() error {
		text, err := p.ask("show proc")
		if _, old, _ := strings.Cut(text, "# old workers"); err == nil && strings.Contains(old, "worker") {
			err = errors.New(text)
		}
		return err
	})
	lessons := func() int {
		p.mu.Lock()
		defer p.mu.Unlock()
		return p.sessions[len(p.sessions)-1].lessons
	}
	before := lessons()
	realtest.Await(p.t, "everything told", func() error {
		if n := lessons(); n < before+2 {
			return fmt.Errorf("%d lessons after %d", n, before)
		}
		return nil
	})
}

// ask asks the master.
func (p *proxy) ask(command string) (string, error) {
	conn, err := net.DialUnix("unix", nil, &net.UnixAddr{Name: p.master, Net: "unix"})
	if err != nil {
		return "", err
	}
	defer conn.Close()
	fmt.Fprintln(conn, command)
	if err := errors.Join(conn.CloseWrite(), conn.SetDeadline(time.Now().Add(realtest.Patience))); err != nil {
		return "", err
	}
	text, err := io.ReadAll(conn)
	return string(text), err
}

// charged is what the table and the log say together.
func (p *proxy) charged() map[string]uint64 {
	p.t.Helper()
	sums := map[string]uint64{}
	p.mu.Lock()
	for key, n := range p.table {
		sums[key[:strings.LastIndexByte(key, '|')]] += n
	}
	p.mu.Unlock()
	seen := NewSeen(Limits{})
	for _, l := range p.drained.lines() {
		if got := seen.Add(l.Mark, noon); got != Fresh {
			p.t.Errorf("%+v came twice", l)
		}
		sums[l.Customer]++
	}
	return sums
}
