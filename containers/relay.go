package containers

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"sync"
	"syscall"
	"time"

	toxiproxy "github.com/Shopify/toxiproxy/v2"
	"github.com/Shopify/toxiproxy/v2/stream"
	"golang.org/x/sys/unix"

	"github.com/haproof/haproof/harness"
)

// relay stands between proxies and one tracker, and is where the network between them
// breaks. It takes connections and opens one to the tracker for each; Toxiproxy carries
// the bytes and does to them what faults ask for. It knows nothing of what it carries.
type relay struct {
	address, tracker string
	links            *toxiproxy.ToxicCollection
	group            sync.WaitGroup

	mu       sync.Mutex
	listener net.Listener // nil while the relay is cut
	over     bool         // Close has begun
	conns    map[net.Conn]bool
	number   int // of connections so far
}

// A relay's sockets are like those of a network with ordinary frames: on the loopback
// a sender would find room for megabytes in the kernel.
const (
	relayWindow  = 16 << 10 // bytes that the kernel keeps for the relay
	relaySegment = 1448     // bytes of a TCP segment
	relayDials   = 2 * time.Second
)

// relayServer is what Toxiproxy wants beside a collection. Without metrics it is not
// used.
var relayServer = &toxiproxy.ApiServer{Metrics: toxiproxy.NewMetricsContainer(nil)}

// newRelay takes connections on an address, for a tracker that need not listen yet.
func newRelay(address, tracker string) (*relay, error) {
	r := &relay{address: address, tracker: tracker, conns: map[net.Conn]bool{}}
	r.links = toxiproxy.NewToxicCollection(&toxiproxy.Proxy{Name: tracker})
	return r, r.open()
}

// open takes connections from now on.
func (r *relay) open() error {
	config := net.ListenConfig{Control: func(_, _ string, c syscall.RawConn) error {
		var errs error
		err := c.Control(func(fd uintptr) {
			errs = errors.Join(unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVBUF, relayWindow),
				unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_MAXSEG, relaySegment))
		})
		return errors.Join(err, errs)
	}}
	listener, err := config.Listen(context.Background(), "tcp", r.address)
	if err != nil {
		return fmt.Errorf("relay to %s: %w", r.tracker, err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.over { // a lab that is taken down under a fault, which undoes itself
		return listener.Close()
	}
	r.listener = listener
	r.group.Go(func() { r.serve(listener) })
	return nil
}

// serve accepts until the listener is closed.
func (r *relay) serve(listener net.Listener) {
	for {
		client, err := listener.Accept()
		if err != nil {
			return
		}
		r.group.Go(func() { r.connect(listener, client) })
	}
}

// connect opens the other half of a connection. Where the tracker refuses it, the
// proxy's is reset.
func (r *relay) connect(listener net.Listener, client net.Conn) {
	tracker, err := net.DialTimeout("tcp", r.tracker, relayDials)
	if err != nil {
		abrupt(client)
		_ = client.Close()
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.listener != listener { // cut meanwhile
		_, _ = client.Close(), tracker.Close()
		return
	}
	r.number++
	name := strconv.Itoa(r.number)
	r.links.StartLink(relayServer, name+"up", client, r.end(tracker), stream.Upstream)
	r.links.StartLink(relayServer, name+"down", tracker, r.end(client), stream.Downstream)
}

// relayEnd is a connection that is forgotten when it is closed.
type relayEnd struct {
	net.Conn
	relay *relay
	once  sync.Once
}

// end keeps a connection until the link that writes to it is over.
func (r *relay) end(conn net.Conn) *relayEnd {
	r.conns[conn] = true
	r.group.Add(1)
	return &relayEnd{Conn: conn, relay: r}
}

// Write loses what nobody takes any longer. The link must not end by it: toxics that
// still have a chunk would wait for ever, and whoever takes them out with them. It ends
// when the other half of the connection has, which sees the same end.
func (e *relayEnd) Write(b []byte) (int, error) {
	_, _ = e.Conn.Write(b)
	return len(b), nil
}

func (e *relayEnd) Close() error {
	err := e.Conn.Close()
	e.once.Do(func() {
		e.relay.mu.Lock()
		delete(e.relay.conns, e.Conn)
		e.relay.mu.Unlock()
		e.relay.group.Done()
	})
	return err
}

// cut ends all connections, and takes none until open.
func (r *relay) cut() {
	r.mu.Lock()
	if r.listener != nil {
		_ = r.listener.Close()
		r.listener = nil
	}
	r.mu.Unlock()
	r.drop()
}

// drop ends all connections.
func (r *relay) drop() { r.eachConn(func(c net.Conn) { _ = c.Close() }) }

// reset ends all connections as a machine does that knows nothing of them. All are
// prepared before one is closed: the end of one half closes the other.
func (r *relay) reset() {
	r.eachConn(abrupt)
	r.drop()
}

// eachConn does something to all connections.
func (r *relay) eachConn(how func(net.Conn)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for conn := range r.conns {
		how(conn)
	}
}

// abrupt has a connection close with RST: what was sent and not yet received is lost.
func abrupt(conn net.Conn) {
	if c, ok := conn.(*net.TCPConn); ok {
		_ = c.SetLinger(0)
	}
}

// Close ends the relay and all that it does.
func (r *relay) Close() {
	r.mu.Lock()
	r.over = true
	r.mu.Unlock()
	r.cut()
	r.group.Wait()
}

// relayed are the faults that need a relay.
var relayed = []string{harness.FaultCut, harness.FaultReset, harness.FaultDelay, harness.FaultHalfOpen, harness.FaultThrottle}

// openRelays gives each tracker a relay whose network may break.
func (l *lab) openRelays() error {
	for i, n := range l.plan.of(harness.TierTracker) {
		if !l.plan.mayMeet(n, relayed...) {
			continue
		}
		address := net.JoinHostPort(l.engine.host(), strconv.Itoa(ports.TrackerPeers+i))
		r, err := newRelay(address, n.at(ports.TrackerPeers))
		if err != nil {
			return &EnvironmentError{
				What: "this process cannot take connections of the lab on " + address, Err: err,
				Mend: "faults of the network need a lab whose network is on this machine: --engine process",
			}
		}
		l.plan.relays[n.name] = r
	}
	return nil
}

// closeRelays ends the relays of the lab.
func (l *lab) closeRelays() {
	for _, r := range l.plan.relays {
		r.Close()
	}
}

// peersAddress is where proxies find a tracker.
func (p *plan) peersAddress(n *node) string {
	if r := p.relays[n.name]; r != nil {
		return r.address
	}
	return n.at(ports.TrackerPeers)
}
