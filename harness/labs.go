package harness

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"golang.org/x/sync/errgroup"
)

// labs hands each turn its lab. Whatever counts gets a fresh lab for every
// trial. A search or a probe is about time: its cells keep their labs warm for the
// whole run and are played in turn, and cells of equal topology share one.
type labs struct {
	plan Plan
	mu   sync.Mutex
	warm map[string]Lab
}

func (l *labs) shared() bool { return l.plan.Scenario.Workload.Warm() }

// startTogether bounds the labs that are coming up at a time: more of them would
// only wait for each other's CPU.
const startTogether = 8

// warmUp starts all shared labs, several at a time.
func (l *labs) warmUp(ctx context.Context) error {
	if !l.shared() {
		return nil
	}
	ctx, cancel := l.startContext(ctx)
	defer cancel()
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(startTogether)
	started := map[string]bool{}
	for _, cell := range l.plan.Cells {
		key := labKey(cell.Scenario)
		if started[key] {
			continue
		}
		started[key] = true
		group.Go(func() error { return l.startWarm(ctx, key, cell) })
	}
	return group.Wait()
}

func (l *labs) startWarm(ctx context.Context, key string, cell Cell) error {
	l.say(cell, "starting")
	lab, err := l.plan.Start(ctx, cell.Scenario)
	if err != nil {
		return fmt.Errorf("cell %s: %w", cell.Name, err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.warm[key] = lab
	return nil
}

// take returns the lab of a turn and what to do with it afterwards.
func (l *labs) take(ctx context.Context, t turn) (Lab, func() error, error) {
	if lab, ok := l.warm[labKey(t.cell.Scenario)]; ok && l.shared() {
		return lab, func() error { return nil }, nil
	}
	ctx, cancel := l.startContext(ctx)
	defer cancel()
	l.say(t.cell, "starting")
	lab, err := l.plan.Start(ctx, t.cell.Scenario)
	if err != nil {
		return nil, nil, err
	}
	return lab, func() error { l.say(t.cell, "closing"); return lab.Close() }, nil
}

// startContext ends with either interrupt: a lab that is still coming up has
// nothing to drain.
func (l *labs) startContext(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	stop := context.AfterFunc(l.plan.Soft, cancel)
	return ctx, func() { stop(); cancel() }
}

func (l *labs) closeAll() error {
	var group sync.WaitGroup
	var mu sync.Mutex
	var errs []error
	for _, lab := range l.warm {
		group.Go(func() {
			err := lab.Close()
			mu.Lock()
			defer mu.Unlock()
			errs = append(errs, err)
		})
	}
	group.Wait()
	return errors.Join(errs...)
}

func (l *labs) say(cell Cell, phase string) {
	if l.plan.Progress == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.plan.Progress(Progress{Cell: cell.Name, Phase: phase})
}

// labKey is equal for scenarios that can share one lab.
func labKey(sc Scenario) string {
	return fmt.Sprintf("%+v customers=%d prefix=%s hosts=%d", sc.Topology, sc.Workload.Customers, sc.Workload.Prefix, sc.Workload.Hosts)
}
