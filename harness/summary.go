package harness

import (
	"github.com/haproof/haproof/harness/stats"
)

// Summarise adds up what the attempts of a trial say. Distributions are over
// every attempt, whatever its outcome: one without an answer counts with the
// time until the client gave up, so that failing never looks fast. A record
// without attempts gives a summary without figures. Attempts of a soft start count,
// and are left out of rates and distributions.
func Summarise(rec *Record) Summary {
	if t := rec.Totals; t != nil {
		s := t.summary()
		s.driven(rec, t.Window)
		return s
	}
	s, d := newSummary(), newDistributions()
	for i := range rec.Attempts {
		s.add(&rec.Attempts[i])
		d.add(&rec.Attempts[i], rec.Cell.Scenario.Workload.Timed(&rec.Attempts[i]))
	}
	s.driven(rec, d.Window)
	s.Response, s.Service, s.Lag = quantilesOf(d.response), quantilesOf(d.service), quantilesOf(d.lag)
	s.Series = series(rec.Attempts, rec.Cell.Scenario.Topology.Limits(), s.Length, &rec.Cell.Scenario.Workload)
	s.Sustained = sustained(rec)
	return s
}

func newSummary() Summary { return Summary{Causes: map[Cause]uint64{}, Statuses: map[int]uint64{}} }

// driven fills in what the driver says, and the rates.
func (s *Summary) driven(rec *Record, w Window) {
	s.Offered, s.GeneratorCPU = rec.Driven.Offered, rec.Driven.CPU
	s.Length = max(rec.Driven.Length, w.Done) // a driver that broke off may not have said
	s.rates(rec, w)
}

// add counts one attempt.
func (s *Summary) add(a *Attempt) {
	s.Attempts++
	switch a.Outcome {
	case OK:
		s.OK++
	case Failed:
		s.Failed++
	default:
		s.Indeterminate++
	}
	if a.Outcome == OK && a.Dynamic {
		s.Dynamic++
	}
	if a.TLS {
		s.OverTLS++
	}
	s.BytesIn += a.Bytes
	if a.Cause != "" {
		s.Causes[a.Cause]++
	}
	if a.Status != 0 {
		s.Statuses[a.Status]++
	}
	if a.Cause == CauseShed && a.Own() {
		s.ShedLate++
	}
}

// rates fills in what was offered and what was achieved. Of n attempts n-1
// intervals are seen; the last one counts too, or few attempts would seem to
// achieve more than was offered.
func (s *Summary) rates(rec *Record, w Window) {
	n := w.Attempts
	if n == 0 {
		return
	}
	s.OfferedRPS = float64(rec.Cell.Scenario.Workload.Rate)
	if span := w.Last - w.First; span > 0 {
		s.OfferedRPS = float64(n-1) / span.Seconds()
	}
	window := (s.Length - rec.Cell.Scenario.Workload.SoftStart).Seconds()
	if s.OfferedRPS > 0 {
		window = max(window, float64(n)/s.OfferedRPS)
	}
	if window > 0 {
		s.AchievedRPS = float64(w.OK) / window
	}
}

// distributions are what one pass over the attempts collects.
type distributions struct {
	Window
	response, service, lag *stats.Histogram
}

func newDistributions() *distributions {
	return &distributions{response: stats.NewHistogram(), service: stats.NewHistogram(), lag: stats.NewHistogram()}
}

// add adds an attempt. One that was shed has no service time and no lag, as it was
// never sent.
func (d *distributions) add(a *Attempt, timed bool) {
	d.Done = max(d.Done, a.Done)
	if !timed {
		return
	}
	if a.Outcome == OK {
		d.OK++
	}
	if d.Attempts == 0 {
		d.First = a.Intended
	}
	d.Attempts++
	d.First, d.Last = min(d.First, a.Intended), max(d.Last, a.Intended)
	d.response.Record(a.Latency())
	if a.Cause == CauseShed {
		return
	}
	d.service.Record(a.Service())
	d.lag.Record(a.Lag())
}

// quantilesOf describes a histogram, with points for a plot.
func quantilesOf(h *stats.Histogram) Quantiles {
	q := plainQuantilesOf(h)
	for _, p := range h.Spectrum() {
		q.Spectrum = append(q.Spectrum, SpectrumPoint{Quantile: p.Quantile, Value: p.Value})
	}
	return q
}

// plainQuantilesOf describes a histogram in a tenth of the time.
func plainQuantilesOf(h *stats.Histogram) Quantiles {
	return Quantiles{
		N: h.Count(), Min: h.Min(), Mean: h.Mean(),
		P50: h.Quantile(0.5), P90: h.Quantile(0.9), P99: h.Quantile(0.99), P999: h.Quantile(0.999), Max: h.Max(),
	}
}
