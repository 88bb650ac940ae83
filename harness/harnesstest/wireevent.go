package harnesstest

import (
	"context"
	"errors"
	"fmt"

	"github.com/haproof/haproof/harness/harnesstest/simproxy"
)

// Cut breaks the connections of the first proxy, which makes new ones and is asked to
// repeat everything.
func Cut(w *Wire) error {
	if err := w.idle(); err != nil {
		return err
	}
	before := w.opened.Load()
	w.proxies[0].Cut()
	ctx, cancel := context.WithTimeout(w.ctx, wirePatience)
	defer cancel()
	return errors.Join(poll(ctx, func() error {
		if w.opened.Load() == before {
			return errors.New("no new session")
		}
		return nil
	}), w.idle())
}

// Reload replaces the first proxy's process by one that learns from it.
func Reload(w *Wire) error {
	return w.replace(func(p *simproxy.Proxy) *simproxy.Proxy { return p.Reload(w.generation(0, 2)) })
}

// Told waits until the tracker has been told everything.
func Told(w *Wire) error { return w.idle() }

// Learned has a process that was reloaded learn, after it has told the tracker of
// something that it counted before.
func Learned(w *Wire) error {
	ctx, cancel := context.WithTimeout(w.ctx, wirePatience)
	defer cancel()
	return errors.Join(poll(ctx, func() error {
		if w.proxies[0].Sent() == 0 {
			return errors.New("the new process has told nothing")
		}
		return nil
	}), w.idle())
}

// replace puts another process in the first proxy's place, when everything was told.
func (w *Wire) replace(next func(*simproxy.Proxy) *simproxy.Proxy) error {
	if err := w.idle(); err != nil {
		return err
	}
	before := w.opened.Load()
	w.run(0, next(w.proxies[0]))
	ctx, cancel := context.WithTimeout(w.ctx, wirePatience)
	defer cancel()
	return poll(ctx, func() error {
		if w.opened.Load() == before {
			return errors.New("the new process has no session")
		}
		return nil
	})
}

// PowerCut ends the tracker and both proxies at once when everything was acknowledged,
// and starts them again: the proxies know nothing, the tracker what it has stored.
func PowerCut(w *Wire) error {
	if err := w.idle(); err != nil {
		return err
	}
	if err := w.stop(); err != nil {
		return fmt.Errorf("stop the tracker: %w", err)
	}
	for i, p := range w.proxies {
		w.run(i, p.Crash(w.generation(i, 2)))
	}
	return w.startTracker()
}

// SetTo returns the event that adds so much to the counter of a customer, as `set
// table` does.
func SetTo(customer string, n int) Event {
	return func(w *Wire) error {
		w.proxies[0].Inc(customer, n)
		return w.idle()
	}
}
