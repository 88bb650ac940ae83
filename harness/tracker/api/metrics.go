package api

import (
	"context"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/haproof/haproof/harness/tracker"
)

// Metrics is what Prometheus is told. It is made before the tracker, so that it can
// watch the store that the tracker is given.
type Metrics struct {
	registry *prometheus.Registry
	handler  http.Handler
	streams  atomic.Int64

	commits    prometheus.Histogram
	answers    *prometheus.CounterVec
	durations  *prometheus.HistogramVec
	collecting *collector
}

// NewMetrics returns metrics that know of nothing yet.
func NewMetrics() *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		commits: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "quota_tracker_commit_duration_seconds", Help: "Time that successful commits of counts took.",
			Buckets: []float64{.0005, .001, .002, .005, .01, .02, .05, .1, .25, .5, 1, 2.5, 5},
		}),
		answers: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "quota_tracker_http_responses_total", Help: "Answers of the API by route and status.",
		}, []string{"route", "code"}),
		durations: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "quota_tracker_http_response_duration_seconds", Help: "Time that answers of the API took, event streams left out.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 10},
		}, []string{"route"}),
	}
	m.collecting = &collector{}
	m.registry.MustRegister(
		m.commits, m.answers, m.durations, m.collecting,
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "quota_tracker_event_streams", Help: "Clients that listen to server-sent events.",
		}, func() float64 { return float64(m.streams.Load()) }),
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	)
	m.handler = promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{MaxRequestsInFlight: 4, DisableCompression: true})
	return m
}

// watch adds what an API knows.
func (m *Metrics) watch(a *API) { m.collecting.api.Store(a) }

// serve answers GET /metrics.
func (m *Metrics) serve(w http.ResponseWriter, r *http.Request) error {
	m.handler.ServeHTTP(w, r)
	return nil
}

// enterStream is false if there are too many streams.
func (m *Metrics) enterStream() bool {
	if m.streams.Add(1) > maxStreams {
		m.streams.Add(-1)
		return false
	}
	return true
}

func (m *Metrics) leaveStream() { m.streams.Add(-1) }

// Watch returns a store that does what the one it is given does, and measures how long
// commits take.
func (m *Metrics) Watch(s tracker.Store) tracker.Store { return watchedStore{s, m} }

type watchedStore struct {
	tracker.Store
	metrics *Metrics
}

// Commit commits and takes the time.
func (s watchedStore) Commit(ctx context.Context, b *tracker.Batch) error {
	began := time.Now()
	err := s.Store.Commit(ctx, b)
	if err == nil {
		s.metrics.commits.Observe(time.Since(began).Seconds())
	}
	return err
}

// observedWriter remembers the status of an answer.
type observedWriter struct {
	http.ResponseWriter
	metrics *Metrics
	to      route
	began   time.Time
	status  int
}

func (m *Metrics) observe(w http.ResponseWriter, to route) *observedWriter {
	return &observedWriter{ResponseWriter: w, metrics: m, to: to, began: time.Now(), status: http.StatusOK}
}

// Unwrap lets http.ResponseController reach the connection.
func (o *observedWriter) Unwrap() http.ResponseWriter { return o.ResponseWriter }

// WriteHeader remembers the status.
func (o *observedWriter) WriteHeader(status int) {
	o.status = status
	o.ResponseWriter.WriteHeader(status)
}

// done counts the answer.
func (o *observedWriter) done() {
	o.metrics.answers.WithLabelValues(o.to.path, strconv.Itoa(o.status)).Inc()
	if !o.to.plain {
		o.metrics.durations.WithLabelValues(o.to.path).Observe(time.Since(o.began).Seconds())
	}
}
