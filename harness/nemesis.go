package harness

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"
)

// nemesis plays the faults of one trial, each in a goroutine of its own, so that
// one that lasts does not delay the next. Its clock is the driver's: it starts at
// the first attempt that is reported, whose end says when the driver began.
type nemesis struct {
	lab   Disturber
	began time.Time
	start chan struct{} // closed when began is known
	over  chan struct{} // closed when the driver is done: what has not begun never will
	once  sync.Once
	group sync.WaitGroup

	mu     sync.Mutex
	played []Disturbance
}

// newNemesis is ready to play the faults. ctx ends them early. A lab that cannot
// be disturbed is an error.
func newNemesis(ctx context.Context, lab Lab, faults []Fault) (*nemesis, error) {
	n := &nemesis{start: make(chan struct{}), over: make(chan struct{})}
	if len(faults) == 0 {
		return n, nil
	}
	var ok bool
	if n.lab, ok = lab.(Disturber); !ok {
		return nil, errors.New("the lab cannot play faults")
	}
	for _, f := range faults {
		n.group.Go(func() { n.play(ctx, f) })
	}
	return n, nil
}

// see takes the time from an attempt that has just ended.
func (n *nemesis) see(a Attempt) {
	n.once.Do(func() {
		n.began = time.Now().Add(-a.Done)
		close(n.start)
	})
}

// wait is called when the driver is done. It returns all disturbances, by the time
// of their beginning, when the last that has begun is over. The error names those
// that could not be played.
func (n *nemesis) wait() ([]Disturbance, error) {
	close(n.over)
	n.group.Wait()
	slices.SortStableFunc(n.played, func(a, b Disturbance) int {
		return cmp.Or(cmp.Compare(a.Began, b.Began), cmp.Compare(a.Fault.At, b.Fault.At), cmp.Compare(a.Fault.Node, b.Fault.Node))
	})
	var errs []error
	for _, d := range n.played {
		if d.Error != "" {
			errs = append(errs, fmt.Errorf("fault %s %s: %s", d.Fault.Do, d.Fault.Node, d.Error))
		}
	}
	return n.played, errors.Join(errs...)
}

// play waits for the fault's time and plays it.
func (n *nemesis) play(ctx context.Context, f Fault) {
	d := Disturbance{Fault: f}
	if err := n.await(ctx, f.At); err != nil {
		d.Error = err.Error()
		n.note(d)
		return
	}
	d.Began = time.Since(n.began)
	if err := n.lab.Disturb(ctx, f); err != nil {
		d.Error = err.Error()
	}
	d.Ended = time.Since(n.began)
	n.note(d)
}

var errNotPlayed = errors.New("not played: the driver was done before")

func (n *nemesis) await(ctx context.Context, at time.Duration) error {
	select {
	case <-n.start:
	case <-n.over:
		return errNotPlayed
	case <-ctx.Done():
		return ctx.Err()
	}
	due := time.NewTimer(time.Until(n.began.Add(at)))
	defer due.Stop()
	select {
	case <-due.C:
		return nil
	case <-n.over:
		return errNotPlayed
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (n *nemesis) note(d Disturbance) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.played = append(n.played, d)
}
