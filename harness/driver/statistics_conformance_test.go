package driver

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/haproof/haproof/harness"
	"github.com/haproof/haproof/harness/stats"
)

// addedUp adds up attempts as a driver should have.
func addedUp(attempts []harness.Attempt, w harness.Workload) harness.Statistics {
	s := harness.Statistics{Causes: map[harness.Cause]uint64{}, Statuses: map[int]uint64{}}
	response, service, lag, queued := stats.NewHistogram(), stats.NewHistogram(), stats.NewHistogram(), stats.NewHistogram()
	for i := range attempts {
		a := &attempts[i]
		s.Classes.Add(a)
		s.Bytes += a.Bytes
		if a.Cause != "" {
			s.Causes[a.Cause]++
		}
		if a.Status != 0 {
			s.Statuses[a.Status]++
		}
		if !w.Timed(a) {
			s.Soft++
			continue
		}
		response.Record(a.Latency())
		if a.Cause == harness.CauseShed {
			continue
		}
		service.Record(a.Service())
		lag.Record(a.Lag())
		queued.Record(a.Queued)
	}
	for i, to := range []*harness.Distribution{&s.Response, &s.Service, &s.Lag, &s.Queued} {
		*to, _ = harness.DistributionOf([]*stats.Histogram{response, service, lag, queued}[i])
	}
	return s
}

func TestDriversCountExactlyWhatTheyReport(t *testing.T) {
	everyDriver(t, func(t *testing.T, d harness.Driver) {
		_, endpoint := newOrigin(t)
		w := usual()
		w.SoftStart = 100 * time.Millisecond
		attempts, driven, err := played(t.Context(), t, d, w, endpoint)
		if err != nil {
			t.Fatal(err)
		}
		s := driven.Statistics
		want := addedUp(attempts, w)
		got := harness.Statistics{Classes: s.Classes, Causes: s.Causes, Statuses: s.Statuses, Bytes: s.Bytes, Soft: s.Soft, Response: s.Response, Service: s.Service, Lag: s.Lag, Queued: s.Queued}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-attempts +statistics):\n%s", diff)
		}
		if want.Classes.Scheduled != 500 || want.Soft == 0 || want.Soft == 500 {
			t.Errorf("the test shows nothing: %+v, %d soft", want.Classes, want.Soft)
		}
		hosts := map[string]uint64{}
		targets, err := NewTargets(w)
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range attempts {
			target := targets.At(a.Seq)
			hosts[target.Host]++
		}
		rows := map[string]uint64{}
		for _, row := range s.Hosts {
			rows[row.Name] = row.Attempts
		}
		if diff := cmp.Diff(hosts, rows); diff != "" || s.OtherHosts != nil {
			t.Errorf("hosts (-targets +statistics):\n%s", diff)
		}
		answered := s.Service.N - s.Causes[harness.CauseTimeout] - s.Causes[harness.CauseReset]
		if s.FirstByte.N != answered || s.FirstByte.Max > s.Service.Max || s.Connect.N > 500 {
			t.Errorf("first bytes of %d, want %d; %v after at most %v", s.FirstByte.N, answered, s.FirstByte.Max, s.Service.Max)
		}
	})
}

func TestProbesAreNotCounted(t *testing.T) {
	everyDriver(t, func(t *testing.T, d harness.Driver) {
		_, endpoint := newOrigin(t)
		w := usual()
		w.Rate, w.Requests = 0, 0
		w.Search = &harness.Search{
			Objective: harness.Objective{Quantile: 0.99, Latency: time.Minute, Achieved: 0.1},
			Probe:     100 * time.Millisecond, Step: 100 * time.Millisecond, From: 0.01, To: 0.02, Stairs: 2,
		}
		attempts, driven, err := played(t.Context(), t, d, w, endpoint)
		if err != nil && !errors.Is(err, errNoCapacity) { // a machine so busy that the probe saw too little: what it sent is not counted either
			t.Fatal(err)
		}
		if n := driven.Statistics.Classes.Scheduled; n != uint64(len(attempts)) {
			t.Errorf("%d counted, %d reported", n, len(attempts))
		}
	})
}
