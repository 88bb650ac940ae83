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
	lab      Disturber
	soft     context.Context // ends with the interrupt of the run
	recovery recovery
	began    time.Time
	start    chan struct{} // closed when began is known
	over     chan struct{} // closed when the driver is done: what has not begun never will
	once     sync.Once
	group    sync.WaitGroup

	mu     sync.Mutex
	played []performance
}

// performance is a disturbance in the time of day: what is played before the
// driver begins knows no other. A moment that never came is zero.
type performance struct {
	fault               Fault
	began, ended, whole time.Time
	deed                Deed
	err                 error
}

// startNemesis plays the faults that come before the driver, one after the other
// until the lab is whole, and is then ready to play the others. ctx ends all of them
// early, soft those that come before the driver. A lab that cannot be disturbed is
// an error; what else goes wrong is told by wait.
func startNemesis(ctx, soft context.Context, lab Lab, schedule []Fault) (*nemesis, error) {
	n := &nemesis{soft: soft, start: make(chan struct{}), over: make(chan struct{})}
	if len(schedule) == 0 {
		return n, nil
	}
	var ok bool
	if n.lab, ok = lab.(Disturber); !ok {
		return nil, errors.New("the lab cannot play faults")
	}
	n.recovery.lab = n.lab
	for len(schedule) > 0 && schedule[0].At < 0 && soft.Err() == nil {
		n.play(ctx, schedule[0])
		schedule = schedule[1:]
	}
	n.group.Go(func() { n.playAll(ctx, schedule) })
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
// of their beginning, when the last that has begun is over and the lab is whole. The
// error names those that could not be played. It does not name those that chance
// chose in vain: a node that was gone, or a time that the driver did not reach.
func (n *nemesis) wait() ([]Disturbance, error) {
	close(n.over)
	n.group.Wait()
	n.once.Do(func() { n.began = time.Now() }) // the driver never did
	var played []Disturbance
	var errs []error
	for _, p := range n.played {
		played = append(played, p.since(n.began))
		if p.err != nil && !p.inVain() {
			errs = append(errs, fmt.Errorf("fault %s %s: %w", p.fault.Do, p.fault.Node, p.err))
		}
	}
	slices.SortStableFunc(played, func(a, b Disturbance) int {
		return cmp.Or(cmp.Compare(a.Began, b.Began), cmp.Compare(a.Fault.At, b.Fault.At), cmp.Compare(a.Fault.Node, b.Fault.Node))
	})
	return played, errors.Join(errs...)
}

// inVain says whether chance chose a fault that could not be played.
func (p performance) inVain() bool {
	return p.fault.Drawn && (errors.Is(p.err, ErrNotThere) || errors.Is(p.err, errNotPlayed))
}

// since gives the moments as offsets from the driver's beginning.
func (p performance) since(began time.Time) Disturbance {
	offset := func(t time.Time) time.Duration {
		if t.IsZero() {
			return 0
		}
		return t.Sub(began)
	}
	d := Disturbance{Fault: p.fault, Began: offset(p.began), Ended: offset(p.ended), Whole: offset(p.whole), Deed: p.deed}
	if p.err != nil {
		d.Error = p.err.Error()
	}
	return d
}

// playAll plays faults by their time, until the driver is done.
func (n *nemesis) playAll(ctx context.Context, schedule []Fault) {
	for i, f := range schedule {
		if err := n.await(ctx, f.At); err != nil {
			for _, f := range schedule[i:] {
				n.note(performance{fault: f, err: err})
			}
			return
		}
		n.group.Go(func() { n.play(ctx, f) })
	}
}

// play plays a fault now and waits until the lab is whole again.
func (n *nemesis) play(ctx context.Context, f Fault) {
	p := performance{fault: f, began: time.Now()}
	p.deed, p.err = n.lab.Disturb(ctx, f)
	p.ended = time.Now()
	if p.err == nil {
		p.whole = n.recovery.await(ctx, n.soft)
	}
	n.note(p)
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

func (n *nemesis) note(p performance) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.played = append(n.played, p)
}
