package drain

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"
)

// A Receiver that stops goes on reading what has arrived: until nothing comes for stopGrace,
// however long the lines before took to be handled, but not after stopLimit.
const (
	stopGrace = 100 * time.Millisecond
	stopLimit = 2 * time.Second
)

// Receiver listens for drain logs.
type Receiver struct {
	cfg     Config
	queue   *queue
	sockets []socket
	slots   chan struct{} // one for each open connection
}

// socket is one address of a Receiver.
type socket interface {
	serve(ctx context.Context, r *Receiver) error // until ctx ends, which is no error
	stats() SocketStats
	addr() net.Addr
	close() error
}

// New listens on all addresses, or on none and says why. Close or Run must follow.
func New(ctx context.Context, cfg Config) (*Receiver, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	cfg = cfg.withDefaults()
	r := &Receiver{cfg: cfg, queue: newQueue(cfg.MaxPending), slots: make(chan struct{}, cfg.MaxConns)}
	for _, text := range cfg.Listen {
		s, err := open(ctx, cfg, text)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("drain log at %s: %w", text, err), r.Close())
		}
		r.sockets = append(r.sockets, s)
	}
	return r, nil
}

func open(ctx context.Context, cfg Config, text string) (socket, error) {
	a, err := parseAddress(text)
	if err != nil {
		return nil, err
	}
	switch a.network {
	case "udp":
		return openUDP(ctx, cfg, text, a)
	case "unixgram":
		return openUnixgram(ctx, text, a)
	default:
		return openStream(ctx, text, a)
	}
}

// Run receives until ctx ends, which is no error, and closes the Receiver. It passes
// batches to handle, one at a time, in the order of arrival within each connection.
// A batch is valid during the call only. While handle takes its time to make a batch
// durable, the next one grows. When ctx ends, what has arrived is still handled. An
// error of handle ends Run.
func (r *Receiver) Run(ctx context.Context, handle func([]Line) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	errs := make([]error, len(r.sockets)+1)
	var readers, deliverer sync.WaitGroup
	deliverer.Go(func() {
		defer cancel()
		errs[len(r.sockets)] = r.queue.deliver(handle)
	})
	for i, s := range r.sockets {
		readers.Go(func() {
			defer cancel()
			errs[i] = s.serve(ctx, r)
		})
	}
	readers.Wait()
	r.queue.close()
	deliverer.Wait()
	return errors.Join(append(errs, r.Close())...)
}

// Close closes a Receiver that is not going to Run.
func (r *Receiver) Close() error {
	var errs []error
	for _, s := range r.sockets {
		if err := s.close(); err != nil && !errors.Is(err, net.ErrClosed) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// Addrs returns where the Receiver listens, in the order of Config.Listen.
func (r *Receiver) Addrs() []net.Addr {
	var addrs []net.Addr
	for _, s := range r.sockets {
		addrs = append(addrs, s.addr())
	}
	return addrs
}

// Stats returns the numbers. It may be called at any time, from any goroutine.
func (r *Receiver) Stats() Stats {
	stats := r.queue.report(len(r.slots))
	for _, s := range r.sockets {
		stats.Sockets = append(stats.Sockets, s.stats())
	}
	return stats
}
