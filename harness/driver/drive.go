package driver

import (
	"context"
	"errors"
	"time"

	"github.com/haproof/haproof/harness"
)

// engine is what one load generator contributes. Warm, where it has one, opens
// connections that its attacks will use, before the clock of a schedule starts; where it
// has none, the client's own are opened.
type engine struct {
	attack attackFunc
	warm   func(ctx context.Context, o *offer, plan schedule) error
}

// drive offers the workload by means of an engine.
func drive(ctx context.Context, w harness.Workload, to []harness.Endpoint, by engine, report func(harness.Attempt)) (driven harness.Driven, err error) {
	driven.Began = time.Now()
	w = seated(w)
	targets, err := NewTargets(w)
	if err != nil {
		return driven, err
	}
	tally := newTallying(w)
	defer func() {
		driven.Routes = targets.Routes()
		err = errors.Join(err, tally.tell(&driven))
	}()
	client, err := newClient(w, to)
	if err != nil {
		return driven, err
	}
	defer func() { _ = client.close() }() // what a close could say no longer matters
	offer := &offer{client: client, targets: targets, tally: tally, most: mostInFlight(w), engine: by}
	if w.Search != nil {
		return offer.search(ctx, *w.Search, report)
	}
	if w.Users != nil {
		return offer.host(ctx, w, report)
	}
	plan, err := newSchedule(w)
	if err != nil {
		return driven, err
	}
	if err := offer.prepare(ctx, plan); err != nil {
		return driven, err
	}
	return offer.play(ctx, plan, never, report)
}

// mostInFlight returns how many attempts may be in flight by the workload, 0 where it
// does not say.
func mostInFlight(w harness.Workload) uint64 {
	if w.Connect == nil {
		return 0
	}
	return uint64(max(0, w.Connect.Most))
}

// prepare opens connections before the clock starts.
func (o *offer) prepare(ctx context.Context, plan schedule) error {
	if o.warm == nil {
		o.preheat(ctx, plan)
		return nil
	}
	return o.warm(ctx, o, plan)
}

// never is enough for a schedule that is played to its end.
func never(uint64) bool { return false }

// offer is a workload with all that it takes to offer it.
type offer struct {
	client  *client
	targets *Targets
	tally   *tallying
	most    uint64 // attempts in flight at most; 0 for the driver's own limit
	engine
}

// play plays a schedule in an open loop.
func (o *offer) play(ctx context.Context, plan schedule, enough func(sent uint64) bool, report func(harness.Attempt)) (driven harness.Driven, err error) {
	alarm, err := newAlarm(ctx)
	if err != nil {
		return driven, err
	}
	defer func() { err = errors.Join(err, alarm.close()) }()
	p := &pacer{ctx: ctx, schedule: plan, alarm: alarm, enough: enough}
	e := &engagement{pacer: p, schedule: plan, report: report}
	p.rests = e.rests
	driven, err = o.engage(ctx, e, func(began time.Time) { p.began = began })
	p.ended = max(p.ended, e.stopped)
	driven.Offered = max(e.count, wanted(plan, p.stopped()))
	return driven, errors.Join(err, p.err, ctx.Err())
}

// engage has an engagement attack, and says what that took. Begins is told when it does.
func (o *offer) engage(ctx context.Context, e *engagement, begins func(time.Time)) (driven harness.Driven, err error) {
	e.client, e.targets, e.tally, e.most, e.done = o.client, o.targets, o.tally, o.most, map[uint64]harness.Attempt{}
	cpu := cpuTime()
	e.began = time.Now()
	begins(e.began)
	err = o.attack(ctx, e)
	driven.Began, driven.CPU, driven.Length, driven.Shards = e.began, cpuTime()-cpu, e.last, e.shards
	driven.CookiesLost = e.lost.Load()
	return driven, err
}
