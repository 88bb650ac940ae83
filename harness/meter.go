package harness

import (
	"math"
	"strconv"
	"time"

	"github.com/haproof/haproof/harness/stats"
)

// progressEvery is how often a live view is refreshed while driving.
const progressEvery = 200 * time.Millisecond

// meter turns attempts into a live view. It is used from one goroutine at a
// time, as report is.
type meter struct {
	say   func(Progress)
	now   Progress
	lag   *stats.Histogram // since the last refresh
	last  time.Time
	lastN uint64

	limits *Limits // with which it is no error to be denied
}

func newMeter(plan Plan, t turn) *meter {
	say := plan.Progress
	if say == nil {
		say = func(Progress) {}
	}
	return &meter{
		say: say, lag: stats.NewHistogram(), last: time.Now(), limits: t.cell.Scenario.Topology.Limits(),
		now: Progress{Cell: t.cell.Name, Trial: strconv.Itoa(t.trial), Total: expected(t.cell.Scenario.Workload)},
	}
}

// expected is how many attempts the schedule of a workload has; 0 for a search,
// whose stairs depend on what its probe will see, and for a closed loop, whose
// attempts depend on the answers.
func expected(w Workload) uint64 {
	if w.Requests > 0 {
		return w.Requests
	}
	n := w.meanRate() * w.Duration.Seconds()
	if w.SoftStart > 0 {
		n += float64(w.Rate) * w.SoftStart.Seconds() / 2
	}
	if w.Users != nil {
		n *= float64(w.Users.Requests)
		if w.Users.Count > 0 {
			n = 0
		}
	}
	return uint64(math.Round(n))
}

func (m *meter) phase(name string) {
	m.now.Phase = name
	m.last, m.lastN = time.Now(), m.now.Done
	m.say(m.now)
}

func (m *meter) see(a Attempt) {
	m.now.Done++
	if !m.limits.Expect(a.Cause) {
		m.now.Errors++
	}
	m.lag.Record(a.Lag())
	if elapsed := time.Since(m.last); elapsed >= progressEvery {
		m.refresh(elapsed)
	}
}

func (m *meter) refresh(elapsed time.Duration) {
	m.now.RateRPS = float64(m.now.Done-m.lastN) / elapsed.Seconds()
	m.now.LagP99 = m.lag.Quantile(0.99)
	m.lag = stats.NewHistogram()
	m.last, m.lastN = time.Now(), m.now.Done
	m.say(m.now)
}
