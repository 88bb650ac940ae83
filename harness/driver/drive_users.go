package driver

import (
	"context"
	"errors"
	"time"

	"github.com/haproof/haproof/harness"
)

// host offers a workload whose clients are users.
func (o *offer) host(ctx context.Context, w harness.Workload, report func(harness.Attempt)) (driven harness.Driven, err error) {
	driven.Began = time.Now()
	plan, err := newUsers(w)
	if err != nil {
		return driven, err
	}
	first := plan.arrivals
	if plan.count > 0 {
		first = burst{count: plan.count}
	}
	if err := o.prepare(ctx, first); err != nil {
		return driven, err
	}
	e := &engagement{users: plan, report: report}
	p := newCrowdPacer(ctx)
	e.pacer, p.rests = p, e.rests
	driven, err = o.engage(ctx, e, func(began time.Time) {
		p.began, p.crowd = began, newCrowd(plan, slice{step: 1}, o.client.timeout, &e.lost)
	})
	driven.Offered = e.count // what an interrupt kept users from asking nobody can know
	return driven, errors.Join(err, ctx.Err())
}

// burst is attempts that are all due at once.
type burst struct {
	oneStair
	count uint64
}

func (b burst) total() uint64            { return b.count }
func (burst) due(uint64) time.Duration   { return 0 }
func (burst) rate(time.Duration) float64 { return 0 }

// mostShards is more than there are of a driver's threads.
const mostShards = 64

// seated lets as many connections be kept as there are users, where there are always so
// many, and the one that was used longest ago go first, so that all stay in use. Over
// TLS a connection belongs to a host, and there may be more.
func seated(w harness.Workload) harness.Workload {
	if w.Users == nil || w.Users.Count <= 0 {
		return w
	}
	if w.Protocol == harness.ProtocolHTTP2 {
		return w // where users share connections
	}
	w.Connections = max(w.Connections, w.Users.Count+mostShards) // each thread keeps its part, rounded down
	var connect harness.Connect
	if w.Connect != nil {
		connect = *w.Connect
	}
	if connect.Reuse == "" {
		connect.Reuse = harness.ReuseOldest
	}
	w.Connect = &connect
	return w
}
