package simproxy

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"sync"
	"time"
)

const (
	dialTimeout = time.Second // src/peers.c, peer_session_create
	sendBuffer  = 256 << 10   // bytes that the kernel may hold for a tracker that is slow
)

// Run lives until ctx ends or the process is replaced or crashes. It must be called
// once.
func (p *Proxy) Run(ctx context.Context) {
	defer close(p.done)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	p.mu.Lock()
	p.cancel = cancel
	stopped := p.stopped != nil
	p.mu.Unlock()
	if stopped {
		return
	}
	var all sync.WaitGroup
	for _, l := range p.links {
		if l.addr != "" {
			all.Go(func() { p.keep(ctx, l) })
		}
	}
	if p.cfg.Listener != nil {
		all.Go(func() { p.listen(ctx) })
	}
	if p.teaches {
		all.Go(func() { p.learn(ctx) })
	}
	all.Wait()
	<-ctx.Done() // also without anybody to talk to
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.stopped == nil {
		p.stopped = fmt.Errorf("run: %w", ctx.Err())
	}
	p.cond.Broadcast()
}

// keep dials a tracker again and again. A tracker that refuses is not called again
// for the life of the process (src/peers.c, __process_running_peer_sync).
func (p *Proxy) keep(ctx context.Context, l *link) {
	for ctx.Err() == nil {
		if refusal := p.call(ctx, l); refusal != 0 {
			p.mu.Lock()
			l.refusal = refusal
			p.cond.Broadcast()
			p.mu.Unlock()
			return
		}
		pause(ctx, p.cfg.Redial)
	}
}

// call has one session with a tracker, unless it has called us meanwhile. What went
// wrong is told by the next state of the link, and to nobody else.
func (p *Proxy) call(ctx context.Context, l *link) (refusal int) {
	p.mu.Lock()
	connected := l.conn != nil
	p.mu.Unlock()
	if connected {
		return 0
	}
	conn, err := (&net.Dialer{Timeout: dialTimeout}).DialContext(ctx, "tcp", l.addr)
	if err != nil {
		return 0
	}
	release := closeOnDone(ctx, conn)
	defer release()
	_ = conn.(*net.TCPConn).SetWriteBuffer(sendBuffer) // a wish
	if p.cfg.TLS != nil {
		cfg := p.cfg.TLS.Clone()
		cfg.ServerName = p.cfg.Tracker
		conn = tls.Client(conn, cfg)
	}
	status, rest, err := p.greet(conn)
	if err != nil || status != 200 {
		_ = conn.Close() // nothing is lost with it
		return status
	}
	s := newSession(l, conn)
	s.unread = rest
	_ = s.run(ctx) // every session ends with an error
	return 0
}

// listen serves the tracker that calls, the newest session of it.
func (p *Proxy) listen(ctx context.Context) {
	if p.cfg.Listener.SetDeadline(time.Time{}) != nil {
		return
	}
	stop := context.AfterFunc(ctx, func() { _ = p.cfg.Listener.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	var open sync.WaitGroup
	defer open.Wait()
	for {
		conn, err := p.cfg.Listener.Accept()
		if err != nil {
			return
		}
		open.Go(func() { p.serve(ctx, conn) })
	}
}

func (p *Proxy) serve(ctx context.Context, conn net.Conn) {
	release := closeOnDone(ctx, conn)
	defer release()
	if p.cfg.TLS != nil {
		conn = tls.Server(conn, p.cfg.TLS)
	}
	rest, err := p.answer(conn)
	if err != nil {
		_ = conn.Close() // the tracker calls again
		return
	}
	s := newSession(p.links[0], conn)
	s.unread = rest
	_ = s.run(ctx) // every session ends with an error
}

// closeOnDone interrupts a greeting.
func closeOnDone(ctx context.Context, conn net.Conn) (release func()) {
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	return func() { stop() }
}

// pause waits for d, or less if ctx ends.
func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}
