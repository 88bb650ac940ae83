package peers

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"
)

// acceptPause is how long Serve waits when the machine is out of descriptors.
const acceptPause = 100 * time.Millisecond

// Serve accepts connections until ctx ends, then closes ln and returns when all of
// them have been served. begin is called for each in the order of arrival; what it
// returns is run in a goroutine and must close the connection. Beyond limit
// connections at a time, new ones are closed at once; the peers call again.
func Serve(ctx context.Context, ln net.Listener, limit int, begin func(net.Conn) (serve func(context.Context))) error {
	release := closeOnDone(ctx, ln)
	defer release()
	var open sync.WaitGroup
	defer open.Wait()
	slots := make(chan struct{}, limit)
	for {
		conn, err := ln.Accept()
		if ctx.Err() != nil {
			if err == nil {
				err = conn.Close()
			}
			return ignoreClosed(err)
		}
		if errors.Is(err, net.ErrClosed) {
			return fmt.Errorf("accept: %w", err)
		}
		if err != nil {
			pause(ctx, acceptPause)
			continue
		}
		select {
		case slots <- struct{}{}:
			serve := begin(conn)
			open.Go(func() {
				defer func() { <-slots }()
				serve(ctx)
			})
		default:
			_ = conn.Close() // nothing was said on it
		}
	}
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
