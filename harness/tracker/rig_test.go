package tracker

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/haproof/haproof/harness/harnesstest/realtest"
)

const (
	patience    = 2 * time.Minute
	rigNames    = 20 // customers
	haproxyText = `
global
    stats socket $DIR/admin.sock mode 600 level admin
    set-var proc.gen date(0,ms)
    hard-stop-after 5s

defaults
    mode http
    timeout connect 60s
    timeout client 60s
    timeout server 60s

peers tracker
    default-server ssl crt $CERT ca-file $CA verify required
    bind $LOCAL ssl crt $CERT ca-file $CA verify required
    server hap1
    server tracker $TRACKER verifyhost tracker
    table quota type string len 64 size 100k store gpc0

frontend front
    bind $FRONT
    default_backend application

backend application
    http-response track-sc2 $KEY table tracker/quota if { res.hdr(customer) -m found }
    http-response sc-inc-gpc0(2) if { res.hdr(customer) -m found }
    server application $ORIGIN
`
)

// rigs numbers the rigs: each lives on a loopback address of its own.
var rigs atomic.Uint32

// rig is a real HAProxy between clients and an origin, with a tracker as its peer.
type rig struct {
	t       *testing.T
	dir     string
	front   string
	cfg     Config
	tracker *Server
	stop    func()
	client  *http.Client
	sent    map[string]uint64

	mu     sync.Mutex
	served map[string]uint64 // by the origin
}

// who calls whom.
type caller int

const (
	haproxyCalls caller = iota
	trackerCalls
)

func newRig(t *testing.T, who caller, keys Keys) *rig {
	t.Helper()
	realtest.NeedHAProxy(t)
	t.Parallel()
	host := fmt.Sprintf("127.77.2.%d", rigs.Add(1)%250+1)
	a := newAuthority(t)
	cert, key, _ := a.issue("tracker")
	_, _, both := a.issue("hap1")
	secure, err := MutualTLS(cert, key, a.ca)
	if err != nil {
		t.Fatal(err)
	}
	free := realtest.FreeAddrs(t, host, 3)
	r := &rig{t: t, dir: t.TempDir(), front: free[0], sent: map[string]uint64{}, served: map[string]uint64{},
		cfg:    Config{Name: "tracker", Listen: free[1], TLS: secure, Keys: keys},
		client: &http.Client{Timeout: patience}}
	origin := httptest.NewServer(http.HandlerFunc(r.serve))
	t.Cleanup(origin.Close)
	local, called := free[2], r.cfg.Listen
	if who == trackerCalls { // and HAProxy calls an address on which nobody listens
		r.cfg.Listen, r.cfg.Dial = "", []Remote{{Name: "hap1", Addr: local}}
	}
	config := strings.NewReplacer("$DIR", r.dir, "$CERT", both, "$CA", a.ca, "$LOCAL", local, "$TRACKER", called,
		"$FRONT", r.front, "$KEY", map[Keys]string{GenerationKeys: `res.hdr(customer),concat("|",proc.gen)`, PlainKeys: "res.hdr(customer)"}[keys], "$ORIGIN", origin.Listener.Addr().String()).Replace(haproxyText)
	r.startTracker()
	t.Cleanup(func() { r.stop() })
	realtest.StartHAProxy(t, config, r.dir+"/master.sock")
	r.await("HAProxy connected", r.connected)
	return r
}

// serve is the origin: it charges the customer that the query names.
func (r *rig) serve(w http.ResponseWriter, req *http.Request) {
	name := req.URL.Query().Get("customer")
	if name == "" {
		return
	}
	w.Header().Set("customer", name)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.served[name]++
}

func (r *rig) startTracker() {
	r.t.Helper()
	server, err := New(r.t.Context(), r.cfg)
	if err != nil {
		r.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- server.Run(ctx) }()
	r.tracker = server
	r.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			r.t.Error(err)
		}
	})
}

func (r *rig) connected() error { return r.tracker.Ready() }

// drive sends so many attempts, one in four of them to nobody's account.
func (r *rig) drive(attempts int) {
	r.t.Helper()
	const workers = 4
	results := make(chan error, workers)
	for w := range workers {
		go func() {
			var err error
			for i := w; i < attempts && err == nil; i += workers {
				err = r.attempt(i)
			}
			results <- err
		}()
	}
	for range workers {
		if err := <-results; err != nil {
			r.t.Fatal(err)
		}
	}
	for i := range attempts {
		if name := customer(i); name != "" {
			r.sent[name]++
		}
	}
}

func customer(i int) string {
	if i%4 == 3 {
		return ""
	}
	return fmt.Sprintf("c%04d", i%rigNames)
}

func (r *rig) attempt(i int) error {
	resp, err := r.client.Get("http://" + r.front + "/?customer=" + customer(i))
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, resp.Body)
	if err = errors.Join(err, resp.Body.Close()); err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("attempt %d: %s", i, resp.Status)
	}
	return err
}

// settle waits until HAProxy has nothing left to say, twice in a row. It never
// looks at the counts.
func (r *rig) settle() {
	r.t.Helper()
	still := 0
	r.await("everything pushed and acknowledged", func() error {
		if err := r.pushed(); err != nil {
			still = 0
			return err
		}
		if still++; still < 2 {
			return errors.New("only once")
		}
		return nil
	})
}

var pushState = regexp.MustCompile(`(?s)id=tracker\(remote,active\).*?last_pushed=(\d+) .*?update=(\d+)\s.*?localupdate=(\d+)`)

func (r *rig) pushed() error {
	text, err := r.ask("admin.sock", "show peers")
	if err != nil {
		return err
	}
	m := pushState.FindSubmatch(text)
	if m == nil {
		return fmt.Errorf("no session with the tracker in %s", text)
	}
	pushed, acked, local := string(m[1]), string(m[2]), string(m[3])
	if pushed != local || acked != local {
		return fmt.Errorf("pushed %s and acknowledged %s of %s", pushed, acked, local)
	}
	return nil
}

// ask sends a command to a socket of HAProxy's.
func (r *rig) ask(socket, command string) ([]byte, error) {
	conn, err := net.DialUnix("unix", nil, &net.UnixAddr{Name: r.dir + "/" + socket, Net: "unix"})
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		return nil, err
	}
	fmt.Fprintln(conn, command)
	if err := conn.CloseWrite(); err != nil {
		return nil, err
	}
	return io.ReadAll(conn)
}

// await waits until ok returns nil.
func (r *rig) await(what string, ok func() error) {
	r.t.Helper()
	realtest.Await(r.t, what, ok)
}

func (r *rig) demandExact() {
	r.t.Helper()
	if got := totals(r.t, r.tracker); !cmp.Equal(got, r.sent) {
		r.t.Errorf("tracker and client differ: %s", cmp.Diff(r.sent, got))
	}
	if src := r.source(); src.Effects[Refused] != 0 || src.Effects[Restarted] != 0 {
		r.t.Errorf("source: %+v, want nothing refused and no decreases", src)
	}
}

// source is what the tracker knows about the HAProxy.
func (r *rig) source() SourceState {
	for _, s := range r.tracker.Sources() {
		if s.Name == "hap1" {
			return s
		}
	}
	return SourceState{}
}

// reload waits until a new worker has taken over and the old one has heard that it is to
// stop, which shows in the end of its session. The master is asked over its socket, once
// it answers there: it may overlook a signal while it starts.
func (r *rig) reload() {
	r.t.Helper()
	old := r.source().PID
	r.await("the master answers", func() error {
		text, err := r.ask("master.sock", "show proc")
		if err == nil && !bytes.Contains(text, []byte("worker")) {
			err = fmt.Errorf("no worker in %s", text)
		}
		return err
	})
	_, _ = r.ask("master.sock", "reload") // it may begin anew before it has answered
	r.await("new worker connected", func() error {
		if src := r.source(); src.PID == old || src.Resync != resyncFinished || src.Sessions != 1 {
			return fmt.Errorf("source is %+v", src)
		}
		return nil
	})
}
