package harness

import (
	"errors"
	"slices"
	"time"

	"github.com/haproof/haproof/harness/stats"
)

// Totals are what the attempts of a trial add up to where they themselves are not kept
// (Plan.TotalsOnly). They say of them what Summarise and ErrorsOf say, but nothing of
// the stairs of a search or of phases around faults.
type Totals struct {
	Counts   Summary      `json:"counts"`   // what can be counted: without times and rates
	Response Distribution `json:"response"` // of all attempts but those of a soft start, as the following
	Service  Distribution `json:"service"`  // of those that were sent
	Lag      Distribution `json:"lag"`      // likewise
	Window   Window       `json:"window"`
	Series   []Moment     `json:"series,omitempty"` // at most 300, the last one shorter; quantiles up to a sixteenth too high
	Errors   []ErrorTotal `json:"errors,omitempty"`
	Left     uint64       `json:"left,omitempty"` // by their clients, as the workload wants some to
}

// Window is what rates are made of. Attempts of a soft start are in Done alone.
type Window struct {
	Attempts uint64        `json:"attempts"`
	OK       uint64        `json:"ok"`
	First    time.Duration `json:"firstNs"` // when the first was due
	Last     time.Duration `json:"lastNs"`  // when the last was due
	Done     time.Duration `json:"doneNs"`  // when the last had ended
}

// totalling adds attempts up, in memory that does not grow with their number.
type totalling struct {
	scenario *Scenario
	counts   Summary
	times    *distributions
	moments  moments
	errors   errorCounts
	ledger   Ledger
}

func newTotalling(sc *Scenario) *totalling {
	return &totalling{
		scenario: sc, counts: newSummary(), times: newDistributions(), moments: moments{grain: leastMoment},
		errors: errorCounts{workload: &sc.Workload, own: (*Attempt).Own, by: map[Cause]*ErrorTotal{}}, ledger: Ledger{},
	}
}

func (t *totalling) add(a *Attempt) {
	timed := t.scenario.Workload.Timed(a)
	t.counts.add(a)
	t.times.add(a, timed)
	t.moments.add(a, t.scenario.Topology.Limits(), timed)
	t.errors.add(a)
	t.ledger.add(a)
}

// sum returns what was added.
func (t *totalling) sum() (*Totals, error) {
	all := &Totals{Counts: t.counts, Window: t.times.Window, Series: t.moments.list(t.times.Done), Errors: t.errors.list(), Left: t.errors.left}
	var errs [3]error
	all.Response, errs[0] = DistributionOf(t.times.response)
	all.Service, errs[1] = DistributionOf(t.times.service)
	all.Lag, errs[2] = DistributionOf(t.times.lag)
	return all, errors.Join(errs[:]...)
}

// summary is what Summarise begins with.
func (t *Totals) summary() Summary {
	s := t.Counts
	s.Series = t.Series
	for _, d := range []struct {
		into *Quantiles
		from Distribution
	}{{&s.Response, t.Response}, {&s.Service, t.Service}, {&s.Lag, t.Lag}} {
		*d.into, _ = d.from.Plot() // without the points of a plot where they cannot be read
	}
	return s
}

// moments are the slices of a trial whose length is not known yet. Whenever there would
// be too many, each two become one.
type moments struct {
	grain time.Duration
	sums  []momentSum
}

type momentSum struct {
	Moment
	latencies stats.Coarse
}

func (m *moments) add(a *Attempt, limits *Limits, timed bool) {
	at := max(a.Done, 0) / m.grain
	for ; at >= maxMoments; at /= 2 {
		m.halve()
	}
	for time.Duration(len(m.sums)) <= at {
		m.sums = append(m.sums, momentSum{})
	}
	sum := &m.sums[at]
	sum.count(a, limits)
	if timed {
		sum.latencies.Record(a.Latency())
	}
}

// halve puts each two moments together.
func (m *moments) halve() {
	m.grain *= 2
	half := m.sums[:0]
	for i := range m.sums {
		if i%2 == 0 {
			half = append(half, m.sums[i])
			continue
		}
		last := &half[len(half)-1]
		last.Done += m.sums[i].Done
		last.Errors += m.sums[i].Errors
		last.Denied += m.sums[i].Denied
		last.latencies.Merge(&m.sums[i].latencies)
	}
	m.sums = half
}

// list returns the moments up to the end, which the last one reaches and no further.
func (m *moments) list(end time.Duration) []Moment {
	var list []Moment
	for i := range m.sums {
		sum := &m.sums[i]
		sum.At = m.grain * time.Duration(i)
		sum.Length = min(m.grain, max(end-sum.At, 1))
		sum.P50, sum.P99 = sum.latencies.Quantile(0.5), sum.latencies.Quantile(0.99)
		list = append(list, sum.Moment)
	}
	return slices.Clip(list)
}
