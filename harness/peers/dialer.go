package peers

import (
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"time"
)

// The back-off of a Dialer whose fields are zero.
const (
	DefaultMinWait     = 200 * time.Millisecond
	DefaultMaxWait     = 5 * time.Second
	DefaultRefusedWait = 30 * time.Second
)

// Dialer keeps a connection to one peer.
type Dialer struct {
	Dial    func(ctx context.Context) (net.Conn, error) // with TLS, if that is wanted
	MinWait time.Duration                               // before the second attempt, doubled for each further one
	MaxWait time.Duration

	// RefusedWait is the time after a refusal that someone has to mend: a name that
	// the peer does not know, for one. HAProxy does not try again before it is
	// restarted; but its configuration may be mended by a reload, and then we want back.
	RefusedWait time.Duration
}

// Run dials and serves, one connection after the other, until ctx ends. Between two
// of them it waits; a connection that outlived MaxWait starts the back-off anew.
// report gets every error of Dial and serve. It is not called when ctx has ended.
func (d Dialer) Run(ctx context.Context, serve func(context.Context, net.Conn) error, report func(error)) {
	d = d.withDefaults()
	for wait := d.MinWait; ; wait = min(2*wait, d.MaxWait) {
		started := time.Now()
		err := d.once(ctx, serve)
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			report(err)
		}
		if time.Since(started) > d.MaxWait {
			wait = d.MinWait
		}
		pause(ctx, d.after(err, wait))
	}
}

func (d Dialer) withDefaults() Dialer {
	set := func(wait *time.Duration, fallback time.Duration) {
		if *wait == 0 {
			*wait = fallback
		}
	}
	set(&d.MinWait, DefaultMinWait)
	set(&d.MaxWait, DefaultMaxWait)
	set(&d.RefusedWait, DefaultRefusedWait)
	return d
}

// after is how long to wait after an attempt that ended so.
func (d Dialer) after(err error, wait time.Duration) time.Duration {
	var status Status
	switch {
	case errors.Is(err, errOtherVersion):
		return d.MinWait
	case !errors.As(err, &status):
		return wait
	case status == StatusTryAgain: // as HAProxy waits after a collision (peer_io_handler, src/peers.c)
		return 50*time.Millisecond + rand.N(2*time.Second)
	default:
		return d.RefusedWait
	}
}

func (d Dialer) once(ctx context.Context, serve func(context.Context, net.Conn) error) error {
	conn, err := d.Dial(ctx)
	if err != nil {
		return err
	}
	return serve(ctx, conn)
}
