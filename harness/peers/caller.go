package peers

import (
	"context"
	"errors"
	"fmt"
	"net"
)

// errOtherVersion says that the next call announces the other version of the protocol.
var errOtherVersion = errors.New("trying the other version")

// errOccupied says that there was no need to call.
var errOccupied = errors.New("the peer has called")

// Caller keeps a session with one peer by calling it.
//
// When both sides call, HAProxy keeps the connection that it has accepted last and
// closes the other. A Caller leaves that to it: whoever holds both reads both to their
// end, so nothing is lost that was sent on the one that goes.
type Caller struct {
	Dialer Dialer
	Config Config
	Peer   string // its name

	// Occupied says whether the peer has a session with us already, because it has
	// called. Then it is not called, which would only cost it that session. Nil means
	// that the peer never calls.
	Occupied func() bool
}

// Run calls the peer and serves the session, again and again, until ctx ends. serve
// must run the session. report gets every error, except the end of ctx. A peer that
// refuses version 2.1 is called with 2.0 next, and the other way round.
func (c Caller) Run(ctx context.Context, serve func(context.Context, *Session) error, report func(error)) {
	dialer := c.Dialer
	dialer.Dial = func(ctx context.Context) (net.Conn, error) {
		if c.Occupied != nil && c.Occupied() {
			return nil, errOccupied
		}
		return c.Dialer.Dial(ctx)
	}
	cfg, refused := c.Config, false
	call := func(ctx context.Context, conn net.Conn) error {
		session, err := Call(ctx, conn, cfg, c.Peer)
		if errors.Is(err, StatusVersion) {
			cfg.Version20 = !cfg.Version20
			if refused = !refused; refused { // at once, but only once: the peer may refuse both
				err = fmt.Errorf("%w: %w", errOtherVersion, err)
			}
			return err
		}
		if err != nil {
			return err
		}
		refused = false
		return serve(ctx, session)
	}
	dialer.Run(ctx, call, func(err error) {
		if !errors.Is(err, errOccupied) {
			report(err)
		}
	})
}
