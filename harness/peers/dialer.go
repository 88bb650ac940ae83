package peers

import (
	"context"
	"net"
	"time"
)

// The back-off of a Dialer whose fields are zero.
const (
	DefaultMinWait = 200 * time.Millisecond
	DefaultMaxWait = 5 * time.Second
)

// Dialer keeps a connection to one peer.
type Dialer struct {
	Dial    func(ctx context.Context) (net.Conn, error) // with TLS, if that is wanted
	MinWait time.Duration                               // before the second attempt, doubled for each further one
	MaxWait time.Duration
}

// Run dials and serves, one connection after the other, until ctx ends. Between two
// of them it waits; a connection that outlived MaxWait starts the back-off anew.
// report gets every error of Dial and serve. It is not called when ctx has ended.
func (d Dialer) Run(ctx context.Context, serve func(context.Context, net.Conn) error, report func(error)) {
	shortest, longest := d.MinWait, d.MaxWait
	if shortest == 0 {
		shortest = DefaultMinWait
	}
	if longest == 0 {
		longest = DefaultMaxWait
	}
	for wait := shortest; ; wait = min(2*wait, longest) {
		started := time.Now()
		err := d.once(ctx, serve)
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			report(err)
		}
		if time.Since(started) > longest {
			wait = shortest
		}
		pause(ctx, wait)
	}
}

func (d Dialer) once(ctx context.Context, serve func(context.Context, net.Conn) error) error {
	conn, err := d.Dial(ctx)
	if err != nil {
		return err
	}
	return serve(ctx, conn)
}
