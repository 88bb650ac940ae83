package harness

import (
	"time"

	"github.com/haproof/haproof/harness/stats"
)

// Summarise adds up what the attempts of a trial say. Distributions are over
// every attempt, whatever its outcome: one without an answer counts with the
// time until the client gave up, so that failing never looks fast. A record
// without attempts gives a summary without figures.
func Summarise(rec *Record) Summary {
	s := Summary{
		Attempts: uint64(len(rec.Attempts)), Offered: rec.Driven.Offered,
		Causes: map[Cause]uint64{}, Statuses: map[int]uint64{},
		Length: rec.Driven.Length, GeneratorCPU: rec.Driven.CPU,
	}
	d := newDistributions()
	for i := range rec.Attempts {
		s.add(&rec.Attempts[i])
		d.add(&rec.Attempts[i])
	}
	s.Length = max(s.Length, d.lastDone) // a driver that broke off may not have said
	s.Response, s.Service, s.Lag = quantilesOf(d.response), quantilesOf(d.service), quantilesOf(d.lag)
	s.rates(rec, d)
	s.Series = series(rec.Attempts, rec.Cell.Scenario.Topology.Limits(), s.Length)
	s.Sustained = sustained(rec)
	return s
}

// add counts one attempt.
func (s *Summary) add(a *Attempt) {
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
}

// rates fills in what was offered and what was achieved. Of n attempts n-1
// intervals are seen; the last one counts too, or few attempts would seem to
// achieve more than was offered.
func (s *Summary) rates(rec *Record, d *distributions) {
	if s.Attempts == 0 {
		return
	}
	s.OfferedRPS = float64(rec.Cell.Scenario.Workload.Rate)
	if span := d.lastIntended - d.firstIntended; span > 0 {
		s.OfferedRPS = float64(s.Attempts-1) / span.Seconds()
	}
	window := s.Length.Seconds()
	if s.OfferedRPS > 0 {
		window = max(window, float64(s.Attempts)/s.OfferedRPS)
	}
	if window > 0 {
		s.AchievedRPS = float64(s.OK) / window
	}
}

// distributions are what one pass over the attempts collects.
type distributions struct {
	response, service, lag      *stats.Histogram
	firstIntended, lastIntended time.Duration
	lastDone                    time.Duration
}

func newDistributions() *distributions {
	return &distributions{response: stats.NewHistogram(), service: stats.NewHistogram(), lag: stats.NewHistogram()}
}

func (d *distributions) add(a *Attempt) {
	if d.response.Count() == 0 {
		d.firstIntended = a.Intended
	}
	d.firstIntended, d.lastIntended = min(d.firstIntended, a.Intended), max(d.lastIntended, a.Intended)
	d.lastDone = max(d.lastDone, a.Done)
	d.response.Record(a.Latency())
	d.service.Record(a.Service())
	d.lag.Record(a.Lag())
}

func quantilesOf(h *stats.Histogram) Quantiles {
	q := Quantiles{
		N: h.Count(), Min: h.Min(), Mean: h.Mean(),
		P50: h.Quantile(0.5), P90: h.Quantile(0.9), P99: h.Quantile(0.99), P999: h.Quantile(0.999), Max: h.Max(),
	}
	for _, p := range h.Spectrum() {
		q.Spectrum = append(q.Spectrum, SpectrumPoint{Quantile: p.Quantile, Value: p.Value})
	}
	return q
}
