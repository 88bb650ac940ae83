package harness

import (
	"testing"
	"time"
)

// loaded is ten seconds of one proxy with one thread and two backends with 0.2
// cores each, on four cores, with nothing near its limit.
func loaded() (*Record, Summary) {
	const length = 10 * time.Second
	rec := &Record{
		Cell: Cell{Scenario: Scenario{Topology: Topology{
			TierProxy: {Threads: 1}, TierBackend: {Count: 2, CPUs: 0.2},
		}}},
		Environment: Environment{Cores: 4},
		Nodes: []Node{
			{Name: "proxy1", Tier: TierProxy},
			{Name: "backend1", Tier: TierBackend, CPUs: 0.2, Limited: true},
			{Name: "backend2", Tier: TierBackend, CPUs: 0.2, Limited: true},
		},
		Usage: []Usage{
			{Node: "proxy1", CPU: 2 * time.Second},
			{Node: "backend1", CPU: time.Second, Periods: 100},
			{Node: "backend2", CPU: time.Second, Periods: 100},
		},
		Host: HostUsage{Wall: length, Cores: 4, Busy: 20 * time.Second},
	}
	return rec, Summary{Attempts: 1000, Length: length, GeneratorCPU: 5 * time.Second}
}

func TestBottleneckIsWhatWasAtItsLimit(t *testing.T) {
	backends := func(cpu time.Duration, throttled uint64) func(*Record, *Summary) {
		return func(r *Record, _ *Summary) {
			for i := 1; i <= 2; i++ {
				r.Usage[i].CPU, r.Usage[i].Throttled = cpu, throttled
			}
		}
	}
	for _, test := range []struct {
		why   string
		spoil func(*Record, *Summary)
		want  string
	}{
		{"nothing at its limit", func(*Record, *Summary) {}, LimitUnknown},
		{"generator late", func(_ *Record, s *Summary) { s.Lag.P99 = 11 * ms }, LimitGenerator},
		{"generator full", func(_ *Record, s *Summary) { s.GeneratorCPU = 36 * time.Second }, LimitGenerator},
		{"generator out of ports", func(_ *Record, s *Summary) { s.Causes = map[Cause]uint64{CauseResources: 1} }, LimitGenerator},
		{"backends used 90 % of their limit", backends(1800*ms, 0), LimitBackend},
		{"backends used 80 %", backends(1600*ms, 0), LimitUnknown},
		{"backends held back in every fourth period", backends(time.Second, 25), LimitBackend},
		{"one of two backends full: load is spread, so it was not the limit", func(r *Record, _ *Summary) { r.Usage[1].CPU = 2 * time.Second }, LimitUnknown},
		{"backends used 70 % on the average of a search", func(r *Record, s *Summary) {
			backends(1400*ms, 0)(r, s)
			r.Cell.Scenario.Workload.Search = &Search{}
		}, LimitBackend},
		{"limit not in force", func(r *Record, s *Summary) {
			backends(1800*ms, 0)(r, s)
			r.Nodes[1].Limited, r.Nodes[2].Limited = false, false
		}, LimitUnknown},
		{"proxy filled its one thread", func(r *Record, _ *Summary) { r.Usage[0].CPU = 9 * time.Second }, LimitProxy},
		{"proxy with threads to spare", func(r *Record, _ *Summary) {
			r.Usage[0].CPU = 9 * time.Second
			r.Cell.Scenario.Topology[TierProxy] = Tier{Threads: 2}
		}, LimitUnknown},
		{"both near, proxy nearer", func(r *Record, s *Summary) {
			backends(1800*ms, 0)(r, s)
			r.Usage[0].CPU = 9900 * ms
		}, LimitProxy},
		{"straight to the backends the proxy cannot limit", func(r *Record, _ *Summary) {
			r.Usage[0].CPU = 9 * time.Second
			r.Cell.Scenario.Workload.Route = RouteDirect
		}, LimitUnknown},
		{"host busy", func(r *Record, _ *Summary) { r.Host.Busy = 39 * time.Second }, LimitHost},
		{"host stolen", func(r *Record, _ *Summary) { r.Host.Stolen = time.Second }, LimitHost},
		{"host busy, but backends at their limit", func(r *Record, s *Summary) {
			backends(1900*ms, 50)(r, s)
			r.Host.Busy = 39 * time.Second
		}, LimitBackend},
		{"late generator hides all else", func(r *Record, s *Summary) {
			backends(1900*ms, 50)(r, s)
			s.Lag.P99 = time.Second
		}, LimitGenerator},
		{"usage not read", func(r *Record, s *Summary) {
			backends(1900*ms, 0)(r, s)
			r.Usage[1].Unknown, r.Usage[2].Unknown = "gone", "gone"
		}, LimitUnknown},
		{"no attempts", func(_ *Record, s *Summary) { *s = Summary{Length: 10 * time.Second, Lag: Quantiles{P99: time.Second}} }, LimitUnknown},
		{"too short to say", func(r *Record, s *Summary) {
			backends(1900*ms, 50)(r, s)
			r.Host.Wall, s.Length = ms, ms
		}, LimitUnknown},
	} {
		rec, sum := loaded()
		test.spoil(rec, &sum)
		if got := Bottleneck(rec, sum); got != test.want {
			t.Errorf("%s: %s, want %s", test.why, got, test.want)
		}
	}
}
