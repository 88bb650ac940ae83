package driver

import (
	"context"
	"errors"
	"time"

	"github.com/haproof/haproof/harness"
)

// engine is what one load generator contributes. Warm, where it has one, opens
// connections that its attacks will use, before the clock of a schedule starts.
type engine struct {
	attack attackFunc
	warm   func(o *offer, plan schedule) error
}

// drive offers the workload by means of an engine.
func drive(ctx context.Context, w harness.Workload, to []harness.Endpoint, by engine, report func(harness.Attempt)) (driven harness.Driven, err error) {
	driven.Began = time.Now()
	targets, err := NewTargets(w)
	if err != nil {
		return driven, err
	}
	client, err := newClient(w, to)
	if err != nil {
		return driven, err
	}
	defer func() { _ = client.close() }() // what a close could say no longer matters
	offer := &offer{client: client, targets: targets, engine: by}
	if w.Search != nil {
		return offer.search(ctx, *w.Search, report)
	}
	plan, err := newSchedule(w)
	if err != nil {
		return driven, err
	}
	offer.preheat(ctx, plan)
	if by.warm != nil {
		if err := by.warm(offer, plan); err != nil {
			return driven, err
		}
	}
	var until time.Duration
	if w.Requests == 0 {
		until = w.Duration + catchUp
	}
	return offer.play(ctx, plan, until, never, report)
}

// never is enough for a schedule that is played to its end.
func never(uint64) bool { return false }

// offer is a workload with all that it takes to offer it.
type offer struct {
	client  *client
	targets *Targets
	engine
}

// play plays a schedule in an open loop.
func (o *offer) play(ctx context.Context, plan schedule, until time.Duration, enough func(sent uint64) bool, report func(harness.Attempt)) (driven harness.Driven, err error) {
	alarm, err := newAlarm(ctx)
	if err != nil {
		return driven, err
	}
	defer func() { err = errors.Join(err, alarm.close()) }()
	cpu := cpuTime()
	driven.Began = time.Now()
	p := &pacer{ctx: ctx, began: driven.Began, schedule: plan, alarm: alarm, until: until, enough: enough}
	e := &engagement{
		client: o.client, targets: o.targets, pacer: p, schedule: plan, began: driven.Began,
		report: report, done: map[uint64]harness.Attempt{},
	}
	err = o.attack(ctx, e)
	driven.CPU = cpuTime() - cpu
	driven.Length = e.last
	p.ended = max(p.ended, e.stopped)
	driven.Offered = max(e.count, plan.wanted(p.stopped()))
	return driven, errors.Join(err, p.err, ctx.Err())
}
