package harnesstest

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/haproof/haproof/harness"
)

// Site is a topology in memory. It answers one attempt at a time and is itself a
// harness.Lab.
type Site struct {
	mu      sync.Mutex
	counts  map[string]map[string]uint64 // witness -> customer -> count
	arrived map[uint64]uint64            // sequence id -> how often
	updates uint64
	tracker Tracker

	limits *harness.Limits
	denier Denier                   // nil denies nobody
	usedUp map[string]time.Duration // when it was seen that the customer had used its limit up

	settle func(context.Context) error // nil where nothing happens outside Serve
}

var _ harness.Lab = (*Site)(nil)

// Update is what the proxy tells the tracker of one answer.
type Update struct {
	Number  uint64 // 1 first
	Key     string // customer
	Value   uint64 // all dynamic answers of the customer so far
	Dynamic bool   // a true proxy tells of dynamic answers only; a liar may look at the others
}

// Tracker is how a tracker takes an update into its counts.
type Tracker func(counts map[string]uint64, u Update)

// HonestTracker keeps the value of each customer.
func HonestTracker(counts map[string]uint64, u Update) {
	if u.Dynamic {
		counts[u.Key] = u.Value
	}
}

// NewSite returns a running site whose tracker works as told.
func NewSite(tracker Tracker) *Site {
	s := &Site{tracker: tracker, counts: map[string]map[string]uint64{}, arrived: map[uint64]uint64{}}
	for _, name := range []string{harness.WitnessOrigin, harness.WitnessProxyLog, harness.WitnessStickTable, harness.WitnessTracker} {
		s.counts[name] = map[string]uint64{}
	}
	return s
}

// Serve answers an attempt: every witness sees it once.
func (s *Site) Serve(seq uint64, customer string, dynamic bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.arrived[seq]++
	if dynamic {
		s.counts[harness.WitnessOrigin][customer]++
		s.counts[harness.WitnessProxyLog][customer]++
		s.counts[harness.WitnessStickTable][customer]++
	}
	s.updates++
	s.tracker(s.counts[harness.WitnessTracker], Update{
		Number: s.updates, Key: customer, Dynamic: dynamic, Value: s.counts[harness.WitnessStickTable][customer],
	})
}

// Endpoints returns one endpoint that nobody listens at.
func (s *Site) Endpoints(harness.Route) []harness.Endpoint {
	return []harness.Endpoint{{Node: "proxy1", HTTP: "127.0.0.1:1"}}
}

// Nodes describes one proxy, one backend and one tracker.
func (s *Site) Nodes() []harness.Node {
	return []harness.Node{
		{Name: "proxy1", Tier: harness.TierProxy, Kind: "memory"},
		{Name: "backend1", Tier: harness.TierBackend, Kind: "memory"},
		{Name: "tracker1", Tier: harness.TierTracker, Kind: "memory"},
	}
}

// Witnesses returns the four beside the client.
func (s *Site) Witnesses() []harness.Witness {
	return []harness.Witness{
		origin{testimony{s, harness.WitnessOrigin}}, testimony{s, harness.WitnessStickTable},
		testimony{s, harness.WitnessProxyLog}, testimony{s, harness.WitnessTracker},
	}
}

// Settle waits for those who are told of answers, if anybody is.
func (s *Site) Settle(ctx context.Context) (harness.Settlement, error) {
	if s.settle != nil {
		if err := s.settle(ctx); err != nil {
			return harness.Settlement{Missing: []string{err.Error()}}, nil
		}
	}
	return harness.Settlement{Settled: true}, nil
}

// Usage is not known of nodes that do not exist.
func (s *Site) Usage(context.Context) ([]harness.Usage, error) { return nil, nil }

// Failures is empty: nothing can die.
func (s *Site) Failures() []harness.NodeFailure { return nil }

// Close does nothing.
func (s *Site) Close() error { return nil }

// testimony is one witness of a site.
type testimony struct {
	site *Site
	name string
}

// Name returns the name of the witness.
func (t testimony) Name() string { return t.name }

// Testify returns the counts of the witness.
func (t testimony) Testify(context.Context) (harness.Ledger, error) {
	t.site.mu.Lock()
	defer t.site.mu.Unlock()
	ledger := harness.Ledger{}
	for customer, n := range t.site.counts[t.name] {
		ledger[customer] = harness.Tally{Sure: n}
	}
	return ledger, nil
}

// origin also has receipts.
type origin struct{ testimony }

var _ harness.Receiptor = origin{}

// Receipts returns every id that Serve saw.
func (o origin) Receipts(context.Context) (harness.Receipts, error) {
	o.site.mu.Lock()
	defer o.site.mu.Unlock()
	r := harness.Receipts{Repeats: map[uint64]uint64{}}
	for _, seq := range slices.Sorted(maps.Keys(o.site.arrived)) {
		if n := len(r.Spans); n > 0 && r.Spans[n-1].Last+1 == seq {
			r.Spans[n-1].Last = seq
		} else {
			r.Spans = append(r.Spans, harness.Span{First: seq, Last: seq})
		}
		if times := o.site.arrived[seq]; times > 1 {
			r.Repeats[seq] = times
		}
	}
	return r, nil
}
