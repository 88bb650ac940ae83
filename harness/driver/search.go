package driver

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync/atomic"
	"time"

	"github.com/haproof/haproof/harness"
)

// The probe keeps this many attempts in flight: more than eight backends with a
// few PHP workers each can work on at once, so that some always wait.
const (
	probeInFlight            = 64
	probeInFlightPerEndpoint = 16
)

// hopeless is how many times the objective's latency the attempts in flight must
// take for the search to end at once.
const hopeless = 4

// search probes the capacity, then climbs the stairs around it until one is
// violated. Only the attempts of the stairs are reported.
func (o *offer) search(ctx context.Context, s harness.Search, report func(harness.Attempt)) (harness.Driven, error) {
	began := harness.Driven{Began: time.Now()}
	if err := checkSearch(s); err != nil {
		return began, err
	}
	capacity, err := o.probe(ctx, s.Probe)
	probed := capacity.RPS
	began.Probed = probed
	if err != nil {
		return began, err
	}
	plan := newStaircase(s, probed)
	w := newWatch(s, plan)
	driven, err := o.play(ctx, plan, w.enough, func(a harness.Attempt) {
		w.see(a)
		report(a)
	})
	driven.Probed = probed
	driven.StairRPS = plan.rates(w.reached(driven.Offered))
	return driven, err
}

func checkSearch(s harness.Search) error {
	o := s.Objective
	switch {
	case s.Probe <= 0 || s.Step <= 0 || s.Stairs < 1:
		return fmt.Errorf("search: needs a probe (%v), a step (%v) and stairs (%d) above 0", s.Probe, s.Step, s.Stairs)
	case !(s.From > 0) || !(s.To >= s.From) || math.IsInf(s.To, 1):
		return fmt.Errorf("search: stairs from %v to %v times the capacity do not rise", s.From, s.To)
	case !(o.Quantile > 0 && o.Quantile <= 1) || o.Latency <= 0:
		return fmt.Errorf("search: the objective needs a quantile above 0 up to 1 (%v) and a latency (%v)", o.Quantile, o.Latency)
	}
	return nil
}

var errNoCapacity = errors.New("probe: not one attempt went as expected in its second half")

// probe returns the capacity in a closed loop: answers as expected per second in
// the second half of its time. The first half warms up.
func (o *offer) probe(ctx context.Context, length time.Duration) (harness.Capacity, error) {
	began := time.Now()
	var seen harness.Capacity
	var completed uint64
	e := &engagement{
		client: o.client, targets: o.targets, began: began, firstSeq: ProbeSeq,
		pacer:    closedLoop{ctx: ctx, began: began, length: length},
		inFlight: max(probeInFlight, probeInFlightPerEndpoint*uint64(len(o.client.servers))),
		done:     map[uint64]harness.Attempt{},
		report: func(a harness.Attempt) {
			seen.Attempts++
			if a.Cause != "" {
				seen.Errors++
			}
			if a.Cause == "" && a.Done >= length/2 && a.Done < length {
				completed++
			}
		},
	}
	if err := errors.Join(o.attack(ctx, e), ctx.Err()); err != nil {
		return seen, err
	}
	if completed == 0 {
		return seen, errNoCapacity
	}
	seen.RPS = float64(completed) / (length - length/2).Seconds()
	return seen, nil
}

// watch sees when a search has seen enough: when a stair cannot meet its
// objective any more. It only saves time; the judgement is made from the
// attempts, later.
type watch struct {
	objective harness.Objective
	plan      staircase
	late      []uint64 // per stair: attempts later than the objective
	seen      atomic.Uint64
	violated  atomic.Bool
}

func newWatch(s harness.Search, plan staircase) *watch {
	return &watch{objective: s.Objective, plan: plan, late: make([]uint64, len(plan))}
}

// see takes note of an attempt. A stair is violated by an error, or once
// more responses are late than its quantile leaves room for.
func (w *watch) see(a harness.Attempt) {
	if a.Latency() > w.objective.Latency {
		w.late[a.Stair]++
	}
	// By nearest rank. The small term makes up for 1-0.9 being less than 0.1.
	room := uint64((1 - w.objective.Quantile + 1e-9) * float64(w.plan[a.Stair].count))
	if a.Cause != "" || w.late[a.Stair] > room {
		w.violated.Store(true)
	}
	w.seen.Add(1)
}

// enough says whether to stop. Besides a violated stair that is a backlog so
// long that, at the stair's rate, what is sent now will wait hopelessly.
func (w *watch) enough(sent uint64) bool {
	if w.violated.Load() {
		return true
	}
	rate := w.plan[w.plan.stairOf(sent)].rateRPS
	backlog := rate * hopeless * w.objective.Latency.Seconds()
	return float64(sent-w.seen.Load()) > max(backlog, probeInFlight)
}

// reached returns how many stairs the first attempts belong to.
func (w *watch) reached(attempts uint64) int {
	if attempts == 0 {
		return 0
	}
	return w.plan.stairOf(attempts-1) + 1
}
