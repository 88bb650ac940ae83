package enforce

import (
	"context"
	"fmt"
	"time"

	"github.com/haproof/haproof/harness/tracker"
	"github.com/haproof/haproof/harness/tracker/plan"
)

const (
	// hourPatience bounds how long the usage of the running hour may take to be read,
	// which stores have in memory. Nothing is committed meanwhile.
	hourPatience = 2 * time.Second

	// fillPause is the time until usage that could not be read is tried again.
	fillPause = time.Minute

	// fillPiece is how much of what was read is passed on at a time: a commit may have
	// to wait for it.
	fillPiece = 4096
)

// filling reads what customers with a new plan have used. The running hour is read
// between two commits, from which on the meter is told its growth as it is that of all
// others; the hours before do not grow any more and are read beside the commits.
type filling struct {
	names   []string
	numbers []uint32     // nil for everyone
	until   tracker.Hour // what was used from here on, the meter knows
	late    bool         // hours before have grown nevertheless: it must be begun anew
}

// query asks for the usage in a stretch of time.
func (f *filling) query(from, to tracker.Hour) tracker.UsageQuery {
	return tracker.UsageQuery{Customers: f.numbers, From: from, To: to}
}

// note looks for growth of hours that are being read.
func (f *filling) note(growth []tracker.Growth) {
	for _, g := range growth {
		f.late = f.late || g.Hour < f.until
	}
}

// fill reads the usage of the gap. Until it can be read those customers have no limits.
// e.reloading is held.
func (e *Enforcer) fill(ctx context.Context) error {
	for e.incomplete() {
		if err := e.fillOnce(ctx); err != nil {
			e.mu.Lock()
			e.filling = nil
			e.mu.Unlock()
			return fmt.Errorf("customers whose plan is new are not limited until their usage can be read: %w", err)
		}
	}
	return nil
}

// incomplete says whether there are customers whose usage is not known.
func (e *Enforcer) incomplete() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.gap.Everyone || len(e.gap.Customers) > 0
}

// fillOnce closes the gap unless hours grow that should not.
func (e *Enforcer) fillOnce(ctx context.Context) error {
	var f *filling
	err := e.between(ctx, func(now time.Time, names []string, next []tracker.Growth) (err error) {
		f, err = e.begin(now, names, next)
		return err
	})
	if err != nil {
		return err
	}
	if err := e.readBefore(ctx, f); err != nil {
		return err
	}
	e.end(f)
	e.commitSoon() // for the crossings that follow
	return nil
}

// end has limits hold for the customers of the gap, unless f is not right.
func (e *Enforcer) end(f *filling) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.filling = nil
	if f.late {
		return
	}
	e.gap = plan.Gap{}
	e.meter.Restored()
	e.tell()
}

// begin reads the running hour, and the one before if it still grows.
func (e *Enforcer) begin(now time.Time, names []string, next []tracker.Growth) (*filling, error) {
	f := &filling{names: names, until: tracker.HourOf(now)}
	for _, g := range next {
		f.until = min(f.until, g.Hour)
	}
	if !e.gap.Everyone {
		f.numbers = numbersOf(e.gap.Customers, names)
	}
	e.meter.Again()
	e.filling = f
	ctx, cancel := context.WithTimeout(context.Background(), hourPatience)
	defer cancel()
	return f, e.cfg.Store.Usage(ctx, f.query(f.until, tracker.LastHour), func(g tracker.Growth) error {
		return e.restore(names, g)
	})
}

// readBefore reads what is over when f begins, beside the commits.
func (e *Enforcer) readBefore(ctx context.Context, f *filling) error {
	piece := make([]tracker.Growth, 0, fillPiece)
	pass := func() error {
		e.mu.Lock()
		defer e.mu.Unlock()
		for _, g := range piece {
			if err := e.restore(f.names, g); err != nil {
				return err
			}
		}
		piece = piece[:0]
		return nil
	}
	err := e.cfg.Store.Usage(ctx, f.query(tracker.FirstHour, f.until), func(g tracker.Growth) error {
		if piece = append(piece, g); len(piece) < fillPiece {
			return nil
		}
		return pass()
	})
	if err != nil {
		return err
	}
	return pass()
}

// fillLater tries from time to time what a reload could not read, until ctx ends.
func (e *Enforcer) fillLater(ctx context.Context) {
	tick := time.NewTicker(e.fillPause)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			e.reloading.Lock()
			_ = e.fill(ctx) // who reloaded was told; it is tried until it succeeds
			e.reloading.Unlock()
		}
	}
}

// numbersOf returns the numbers of those customers that have one, ascending; never nil.
func numbersOf(customers, names []string) []uint32 {
	wanted := make(map[string]bool, len(customers))
	for _, c := range customers {
		wanted[c] = true
	}
	numbers := []uint32{}
	for n, name := range names {
		if wanted[name] {
			numbers = append(numbers, uint32(n))
		}
	}
	return numbers
}
