package main

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/haproof/haproof/harness/peers"
)

// resyncEvery is short, so that each scene ends with a resync.
const resyncEvery = 5 * time.Second

// recorder is the peer that HAProxy talks to. It keeps every byte.
type recorder struct {
	ln     net.Listener
	cancel context.CancelFunc
	served chan error // nil until it is opened

	mu      sync.Mutex
	tapes   []*tape
	changed chan struct{} // closed, and replaced, at every control message
}

// tape is one connection.
type tape struct {
	r          *recorder
	conn       net.Conn
	bytes      bytes.Buffer
	finished   int // resyncs
	heartbeats int // since the last update
}

// newRecorder returns a recorder that has an address, on which it does not answer yet.
func newRecorder(host string) (*recorder, error) {
	ln, err := net.Listen("tcp", host+":0")
	if err != nil {
		return nil, err
	}
	return &recorder{ln: ln, changed: make(chan struct{})}, nil
}

// called says how HAProxy and the recorder come together.
type called int

const (
	haproxyCalls called = iota
	recorderCalls
	recorderCallsIn20 // version 2.0 of the protocol
)

// open begins to record. HAProxy calls, or is called at its address once it is up.
func (r *recorder) open(ctx context.Context, how called, haproxy string) error {
	ctx, r.cancel = context.WithCancel(ctx)
	r.served = make(chan error, 1)
	if how == haproxyCalls {
		go func() { r.served <- peers.Serve(ctx, r.ln, 8, r.begin) }()
		return nil
	}
	if err := r.ln.Close(); err != nil { // HAProxy is refused there, again and again
		return err
	}
	dial := func(ctx context.Context) (net.Conn, error) {
		conn, err := new(net.Dialer).DialContext(ctx, "tcp", haproxy)
		if err != nil {
			return nil, err
		}
		return recorded{conn, r.tape(conn)}, nil
	}
	caller := peers.Caller{Peer: "hap1", Config: recorderConfig, Dialer: peers.Dialer{Dial: dial, MaxWait: time.Second}}
	caller.Config.Version20 = how == recorderCallsIn20
	go func() {
		caller.Run(ctx, func(ctx context.Context, s *peers.Session) error { return s.Run(ctx, r.newest()) }, func(error) {})
		r.served <- nil
	}()
	return nil
}

var recorderConfig = peers.Config{Name: "tracker", ResyncEvery: resyncEvery}

// tape begins a new one.
func (r *recorder) tape(conn net.Conn) *tape {
	t := &tape{r: r, conn: conn}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.tapes = append(r.tapes, t)
	return t
}

func (r *recorder) newest() *tape {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.tapes[len(r.tapes)-1]
}

func (r *recorder) addr() string { return r.ln.Addr().String() }

func (r *recorder) begin(conn net.Conn) func(context.Context) {
	t := r.tape(conn)
	return func(ctx context.Context) {
		s, err := peers.Accept(ctx, recorded{conn, t}, recorderConfig, func(peers.Hello) peers.Status { return peers.StatusOK })
		if err == nil {
			_ = s.Run(ctx, t) // a reload ends it with a reset; await notices the rest
		}
	}
}

// recorded keeps what is read.
type recorded struct {
	net.Conn
	tape *tape
}

func (c recorded) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.tape.r.mu.Lock()
	defer c.tape.r.mu.Unlock()
	c.tape.bytes.Write(b[:n])
	return n, err
}

// Update notes that HAProxy still has something to say.
func (t *tape) Update(u *peers.Update) {
	t.r.mu.Lock()
	defer t.r.mu.Unlock()
	if !u.Timed {
		t.heartbeats = 0
	}
}

// Control wakes those who await it.
func (t *tape) Control(c peers.Control) {
	t.r.mu.Lock()
	defer t.r.mu.Unlock()
	switch c {
	case peers.ResyncFinished:
		t.finished++
	case peers.Heartbeat:
		t.heartbeats++
	}
	close(t.r.changed)
	t.r.changed = make(chan struct{})
}

// Commit accepts everything.
func (t *tape) Commit() error { return nil }

// await waits until the n-th connection has come to be as ok wants it.
func (r *recorder) await(ctx context.Context, n int, ok func(*tape) bool) error {
	for {
		r.mu.Lock()
		met := len(r.tapes) >= n && ok(r.tapes[n-1])
		changed := r.changed
		r.mu.Unlock()
		if met {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("connection %d: %w", n, ctx.Err())
		}
	}
}

func heardFinished(t *tape) bool { return t.finished > 0 }

// settle waits until HAProxy has had nothing to say for a while, has answered a
// resync request after that, and has nothing to say again.
func (r *recorder) settle(ctx context.Context, n int) error {
	r.forget(n)
	if err := r.await(ctx, n, func(t *tape) bool { return t.heartbeats > 0 }); err != nil {
		return err
	}
	r.forget(n)
	if err := r.await(ctx, n, heardFinished); err != nil {
		return err
	}
	r.forget(n)
	return r.await(ctx, n, func(t *tape) bool { return t.heartbeats > 0 })
}

func (r *recorder) forget(n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.tapes[n-1].finished, r.tapes[n-1].heartbeats = 0, 0
}

// streams returns what each connection has said so far.
func (r *recorder) streams() [][]byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	var all [][]byte
	for _, t := range r.tapes {
		all = append(all, bytes.Clone(t.bytes.Bytes()))
	}
	return all
}

func (r *recorder) close() error {
	if r.served == nil {
		return r.ln.Close()
	}
	r.cancel()
	return <-r.served
}
