package api

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/haproof/haproof/harness/tracker"
	"github.com/haproof/haproof/harness/tracker/plan"
)

// The limits of the server. Long answers and streams move their deadline on with what
// they write.
const (
	headerTimeout  = 5 * time.Second
	readTimeout    = 10 * time.Second
	answerTimeout  = 30 * time.Second
	idleTimeout    = time.Minute
	heavyTimeout   = 20 * time.Second // to wait for room for an answer about all customers
	stopTimeout    = 2 * time.Second  // for answers under way when the API stops
	maxHeader      = 16 << 10         // bytes
	maxConnections = 512
	maxHeavy       = 4 // answers at a time that hold the totals of all customers
)

// API answers for one tracker.
type API struct {
	server  *tracker.Server
	cfg     Config
	live    *live
	events  *eventLog
	index   nameIndex
	census  census
	door    door
	metrics *Metrics
	heavy   chan struct{}
	buffers sync.Pool // of *tracker.Totals

	// The constants of these names; tests have less time.
	slack, streamTimeout, heavyTimeout time.Duration
}

// New returns the API of a tracker. Whoever serves it has asked cfg.Validate.
func New(server *tracker.Server, cfg Config) *API {
	if cfg.Tick == 0 {
		cfg.Tick = time.Second
	}
	if cfg.Metrics == nil {
		cfg.Metrics = NewMetrics()
	}
	a := &API{
		server: server, cfg: cfg, events: newEventLog(time.Now()), door: newDoor(cfg.Tokens),
		metrics: cfg.Metrics, heavy: make(chan struct{}, maxHeavy),
		slack: slack, streamTimeout: streamTimeout, heavyTimeout: heavyTimeout,
	}
	a.live = newLive(cfg.Tick)
	a.buffers.New = func() any { return new(tracker.Totals) }
	a.metrics.watch(a)
	return a
}

// Serve answers on ln until ctx ends, and closes it. It must be called once.
func (a *API) Serve(ctx context.Context, ln net.Listener) error {
	live, stopLive := context.WithCancel(ctx)
	var follower sync.WaitGroup
	a.look(live)
	follower.Go(func() { a.follow(live) })
	defer follower.Wait()
	defer stopLive()

	bounded := newBoundedListener(ln, maxConnections)
	server := &http.Server{
		Handler:           a.handler(),
		ConnState:         bounded.state,
		TLSConfig:         a.cfg.TLS,
		ReadHeaderTimeout: headerTimeout,
		ReadTimeout:       readTimeout,
		WriteTimeout:      answerTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeader,
		ErrorLog:          quiet,
	}
	served := make(chan error, 1)
	go func() {
		if a.cfg.TLS != nil {
			served <- server.ServeTLS(bounded, "", "")
			return
		}
		served <- server.Serve(bounded)
	}()
	select {
	case err := <-served:
		a.events.close()
		return fmt.Errorf("serve HTTP: %w", err)
	case <-ctx.Done():
	}
	a.events.close() // ends the streams
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
	defer cancel()
	if server.Shutdown(stop) != nil {
		_ = server.Close() // what is still being answered is cut
	}
	<-served
	return nil
}

// Crossed tells those who listen to events that a customer reached a threshold of a
// limit. It may be called by any goroutine, and is called when that is durable.
func (a *API) Crossed(c plan.Crossing) {
	a.events.add("limit", crossingOf(c))
}

// takeHeavy waits until there is room for one more answer about all customers.
func (a *API) takeHeavy(ctx context.Context) (release func(), err error) {
	timer := time.NewTimer(a.heavyTimeout)
	defer timer.Stop()
	select {
	case a.heavy <- struct{}{}:
		return func() { <-a.heavy }, nil
	case <-ctx.Done():
		return nil, gone(ctx.Err())
	case <-timer.C:
		return nil, busy("%d answers about all customers are under way, the limit", maxHeavy)
	}
}
