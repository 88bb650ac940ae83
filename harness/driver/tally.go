package driver

import (
	"errors"
	"time"

	"github.com/haproof/haproof/harness"
	"github.com/haproof/haproof/harness/stats"
)

// mostStatus bounds the HTTP statuses that are counted one by one. A peer that makes
// up greater ones has them counted as this one.
const mostStatus = 999

// tallier adds up attempts as they end, in memory that does not grow with them: about
// 4 MiB, of which only what is used is ever touched. It is not safe for concurrent
// use: each shard has its own, and they are merged at the end, which gives the same as
// one tallier for all would have.
type tallier struct {
	soft     time.Duration // attempts that were due before are left out of times
	classes  harness.Classes
	causes   map[harness.Cause]uint64 // those are a fixed set
	statuses [mostStatus + 1]uint64
	bytes    uint64
	warming  uint64 // attempts of the soft start

	response, service, lag, queued, firstByte, connect, handshake *stats.Histogram

	routes routeRows
	hosts  hostRows
}

func newTallier(soft time.Duration) *tallier {
	return &tallier{
		soft: soft, causes: map[harness.Cause]uint64{},
		response: stats.NewHistogram(), service: stats.NewHistogram(), lag: stats.NewHistogram(), queued: stats.NewHistogram(),
		firstByte: stats.NewHistogram(), connect: stats.NewHistogram(), handshake: stats.NewHistogram(),
		hosts: newHostRows(harness.MaxHostRows),
	}
}

// add counts an attempt that has ended. It allocates nothing, but for the first
// attempt of a host. Without a tallier it does nothing.
func (t *tallier) add(a *harness.Attempt, host string, p *phases) {
	if t == nil {
		return
	}
	t.classes.Add(a)
	if a.Cause != "" {
		t.causes[a.Cause]++
	}
	if a.Status > 0 {
		t.statuses[min(a.Status, mostStatus)]++
	}
	t.bytes += a.Bytes
	timed := a.Intended >= t.soft
	t.routes.of(a.Route).add(a, timed)
	t.hosts.of(host).add(a, timed)
	if !timed {
		t.warming++
		return
	}
	t.response.Record(a.Latency())
	if a.Cause == harness.CauseShed {
		return
	}
	t.service.Record(a.Service())
	t.lag.Record(a.Lag())
	t.queued.Record(a.Queued)
	recordSome(t.firstByte, p.firstByte)
	recordSome(t.connect, p.connect)
	recordSome(t.handshake, p.handshake)
}

// recordSome records a phase that there was.
func recordSome(h *stats.Histogram, d time.Duration) {
	if d > 0 {
		h.Record(d)
	}
}

// merge adds what another tallier counted.
func (t *tallier) merge(other *tallier) {
	t.classes.Merge(other.classes)
	for cause, n := range other.causes {
		t.causes[cause] += n
	}
	for status, n := range other.statuses {
		t.statuses[status] += n
	}
	t.bytes += other.bytes
	t.warming += other.warming
	mine, others := t.histograms(), other.histograms()
	for i := range mine {
		mine[i].Merge(others[i])
	}
	t.routes.merge(&other.routes)
	t.hosts.merge(&other.hosts)
}

func (t *tallier) histograms() [7]*stats.Histogram {
	return [...]*stats.Histogram{t.response, t.service, t.lag, t.queued, t.firstByte, t.connect, t.handshake}
}

// statistics says what was counted. The routes have the given names, by their index.
func (t *tallier) statistics(routes []string) (*harness.Statistics, error) {
	s := &harness.Statistics{
		Classes: t.classes, Causes: t.causes, Statuses: map[int]uint64{}, Bytes: t.bytes, Soft: t.warming,
	}
	for status, n := range t.statuses {
		if n > 0 {
			s.Statuses[status] = n
		}
	}
	var errs []error
	to := [...]*harness.Distribution{&s.Response, &s.Service, &s.Lag, &s.Queued, &s.FirstByte, &s.Connect, &s.Handshake}
	for i, h := range t.histograms() {
		var err error
		*to[i], err = harness.DistributionOf(h)
		errs = append(errs, err)
	}
	s.Routes, s.OtherRoutes = t.routes.rows(routes)
	s.Hosts, s.OtherHosts = t.hosts.rows()
	return s, errors.Join(errs...)
}
