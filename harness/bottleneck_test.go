package harness

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
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

// withoutNodes makes the trial one of a server of which nothing is known, with response
// times that rise to so many times what they were.
func withoutNodes(rise time.Duration) func(*Record, *Summary) {
	return func(r *Record, s *Summary) {
		r.Nodes, r.Usage = []Node{{Name: "http://127.0.0.1:8080", Tier: "target"}}, nil
		s.OK, s.OfferedRPS, s.AchievedRPS = 1000, 100, 90
		for i := range time.Duration(20) {
			s.Series = append(s.Series, Moment{Done: 50, P50: ms + (rise-1)*ms*i/19})
		}
	}
}

func TestLimitIsWhatWasAtItsLimit(t *testing.T) {
	backends := func(cpu time.Duration, throttled uint64) func(*Record, *Summary) {
		return func(r *Record, _ *Summary) {
			for i := 1; i <= 2; i++ {
				r.Usage[i].CPU, r.Usage[i].Throttled = cpu, throttled
			}
		}
	}
	cause := func(c Cause, n uint64) func(*Record, *Summary) {
		return func(_ *Record, s *Summary) { s.Causes = map[Cause]uint64{c: n} }
	}
	shards := func(used ...time.Duration) func(*Record, *Summary) {
		return func(r *Record, _ *Summary) {
			for _, cpu := range used {
				r.Driven.Shards = append(r.Driven.Shards, Shard{CPU: cpu, Wall: 10 * time.Second})
			}
		}
	}
	late := func(_ *Record, s *Summary) { s.Lag.P99 = 11 * ms }
	busy := func(r *Record, _ *Summary) { r.Host.Busy = 39 * time.Second }
	drops := func(n uint64) func(*Record, *Summary) {
		return func(r *Record, _ *Summary) { r.Host.Kernel = &KernelDrops{Overflows: n, Listen: n} }
	}
	pressed := func(r *Record, _ *Summary) { r.Host.Pressure = 9100 * ms }
	free := func(r *Record, _ *Summary) { r.Nodes[1].Limited, r.Nodes[2].Limited = false, false }
	closed := func(think time.Duration) func(*Record, *Summary) {
		return func(r *Record, s *Summary) {
			withoutNodes(1)(r, s)
			r.Cell.Scenario.Workload.Users = &Users{Count: 8, Think: think}
		}
	}
	type spoils []func(*Record, *Summary)
	for _, test := range []struct {
		why   string
		spoil spoils
		want  string // who and what
		says  string
	}{
		{"nothing at its limit", nil, "unknown", "nothing that is measured was at its limit (proxy 20 % of the CPU that it may use, backend 50 %"},
		{"no descriptors", spoils{cause(CauseDescriptors, 3)}, "client descriptors", "3 attempts found no free file descriptor: raise its limit by ulimit -n"},
		{"the limit is quoted", spoils{cause(CauseDescriptors, 1), func(r *Record, _ *Summary) { r.Environment.Files = 1024 }}, "client descriptors", "(it is 1024)"},
		{"no ports", spoils{cause(CausePorts, 1)}, "client ports", "1 attempt found no free local port"},
		{"no memory", spoils{cause(CauseResources, 1)}, "kernel memory", "it had no memory or buffers left for 1 attempt"},
		{"a shortage is certain, however short the trial", spoils{cause(CausePorts, 1), func(r *Record, s *Summary) { r.Host.Wall, s.Length = ms, ms }}, "client ports", ""},
		{"other errors are no shortage", spoils{cause(CauseConnect, 500)}, "unknown", ""},

		{"a thread filled its core, the process is far from all cores", spoils{shards(4*time.Second, 9700*ms)}, "client shard", "thread 2 of 2 used 97 % of its core, above 90 %: offer fewer requests/s"},
		{"threads with time to spare", spoils{shards(8900*ms, 8900*ms)}, "unknown", "client 89 % of a core"},
		{"a thread that hardly ran", spoils{func(r *Record, _ *Summary) { r.Driven.Shards = []Shard{{CPU: 99 * ms, Wall: 100 * ms}} }}, "unknown", ""},
		{"client used all cores", spoils{func(_ *Record, s *Summary) { s.GeneratorCPU = 37 * time.Second }}, "client cpu", "it used 92 % of all cores, above 90 %"},
		{"client used most of all cores", spoils{func(_ *Record, s *Summary) { s.GeneratorCPU = 35 * time.Second }}, "unknown", ""},

		{"client late", spoils{late}, "client lag", "lag p99 11ms is above 10ms: offer fewer requests/s"},
		{"client just on time", spoils{func(_ *Record, s *Summary) { s.Lag.P99 = 10 * ms }}, "unknown", ""},
		{"late, as others filled the machine", spoils{late, busy}, "host cpu", "lag p99 11ms is above 10ms, as 98 % of all cores was busy"},
		{"late, as it filled the machine itself", spoils{late, busy, func(_ *Record, s *Summary) { s.GeneratorCPU = 25 * time.Second }}, "client lag", ""},
		{"late, as the hypervisor took the machine", spoils{late, func(r *Record, _ *Summary) { r.Host.Stolen = 3 * time.Second }}, "host stolen", "gave 8 % of the CPU time to others"},
		{"late, under pressure", spoils{late, pressed, free}, "host pressure", ""},
		{"late, under the pressure of nodes that are held back on purpose", spoils{late, pressed}, "client lag", ""},
		{"a thread that is full is late by itself", spoils{late, busy, shards(9900 * ms)}, "client shard", ""},
		{"too few sent", spoils{func(_ *Record, s *Summary) { s.Offered = 1011 }}, "client schedule", "98.9 % of the scheduled attempts were made, below 99.0 %"},
		{"nearly all sent", spoils{func(_ *Record, s *Summary) { s.Offered = 1010 }}, "unknown", ""},
		{"what was shed was not sent", spoils{func(_ *Record, s *Summary) { s.Offered, s.ShedLate = 1000, 11 }}, "client schedule", ""},
		{"some shed", spoils{func(_ *Record, s *Summary) { s.Offered, s.ShedLate = 1000, 1 }}, "client shed", "1 attempt gave up before being sent"},
		{"late in every way", spoils{late, func(_ *Record, s *Summary) { s.Offered, s.ShedLate = 1000, 100 }}, "client schedule",
			"lag p99 11ms is above 10ms, 100 attempts gave up before being sent, as the client was late, 90.0 % of the scheduled attempts were made, below 99.0 %: offer"},
		{"shed, but for want of an answer", spoils{cause(CauseShed, 500)}, "unknown", ""},

		{"backends used 90 % of their limit", spoils{backends(1800*ms, 0)}, "backend cpu", "its nodes used 90 % of the CPU that they may use"},
		{"backends used 80 %", spoils{backends(1600*ms, 0)}, "unknown", ""},
		{"backends held back in every fourth period", spoils{backends(time.Second, 25)}, "backend cpu", "held back in 25 % of the scheduler's periods"},
		{"one of two backends full: load is spread, so it was not the limit", spoils{func(r *Record, _ *Summary) { r.Usage[1].CPU = 2 * time.Second }}, "unknown", ""},
		{"backends used 70 % on the average of a search", spoils{backends(1400*ms, 0), func(r *Record, _ *Summary) { r.Cell.Scenario.Workload.Search = &Search{} }}, "backend cpu", ""},
		{"limit not in force", spoils{backends(1800*ms, 0), free}, "unknown", ""},
		{"proxy filled its one thread", spoils{func(r *Record, _ *Summary) { r.Usage[0].CPU = 9 * time.Second }}, "proxy cpu", ""},
		{"proxy with threads to spare", spoils{func(r *Record, _ *Summary) {
			r.Usage[0].CPU = 9 * time.Second
			r.Cell.Scenario.Topology[TierProxy] = Tier{Threads: 2}
		}}, "unknown", ""},
		{"both near, proxy nearer", spoils{backends(1800*ms, 0), func(r *Record, _ *Summary) { r.Usage[0].CPU = 9900 * ms }}, "proxy cpu", ""},
		{"straight to the backends the proxy cannot limit", spoils{func(r *Record, _ *Summary) {
			r.Usage[0].CPU = 9 * time.Second
			r.Cell.Scenario.Workload.Route = RouteDirect
		}}, "unknown", ""},

		{"listen queues overflowed", spoils{drops(1)}, "kernel queues", "it dropped 1 connections as listen queues were full"},
		{"segments dropped", spoils{func(r *Record, _ *Summary) { r.Host.Kernel = &KernelDrops{Backlog: 5} }}, "kernel queues", "and 5 segments"},
		{"a drop among many attempts", spoils{drops(1), func(_ *Record, s *Summary) { s.Attempts = 1001 }}, "unknown", ""},
		{"no drop", spoils{drops(0)}, "unknown", ""},
		{"the queue of a backend that is full", spoils{drops(100), backends(1900*ms, 50)}, "backend cpu", ""},

		{"host busy", spoils{busy}, "host cpu", "98 % of all cores was busy"},
		{"host stolen", spoils{func(r *Record, _ *Summary) { r.Host.Stolen = time.Second }}, "host stolen", ""},
		{"host under pressure", spoils{pressed, free}, "host pressure", "in 91 % of the time"},
		{"pressure of nodes that are held back on purpose", spoils{pressed}, "unknown", ""},
		{"host not read", spoils{busy, func(r *Record, _ *Summary) { r.Host.Unknown = "/proc/stat: no" }}, "unknown", ""},
		{"host busy, but backends at their limit", spoils{backends(1900*ms, 50), busy}, "backend cpu", ""},
		{"late client hides all else", spoils{backends(1900*ms, 50), func(_ *Record, s *Summary) { s.Lag.P99 = time.Second }}, "client lag", ""},
		{"usage not read", spoils{backends(1900*ms, 0), func(r *Record, _ *Summary) { r.Usage[1].Unknown, r.Usage[2].Unknown = "gone", "gone" }}, "unknown", ""},

		{"unknown server, slower and slower", spoils{withoutNodes(9)}, "server", "it answered 90 of 100 requests/s, and the median response time rose from 1.84ms to 8.16ms; the client had time to spare"},
		{"unknown server, as fast as ever", spoils{withoutNodes(1)}, "unknown", "nothing that is measured was at its limit"},
		{"unknown server, slower, but it keeps up", spoils{withoutNodes(9), func(_ *Record, s *Summary) { s.AchievedRPS = 100 }}, "unknown", ""},
		{"unknown server that does not answer", spoils{withoutNodes(1), func(_ *Record, s *Summary) { s.OK = 989 }}, "server", "98.9 % of the attempts were answered"},
		{"unknown server, late client", spoils{withoutNodes(9), late}, "client lag", ""},
		{"unknown server on a full machine", spoils{withoutNodes(9), busy}, "host cpu", ""},
		{"known nodes are no unknown server", spoils{func(r *Record, s *Summary) {
			nodes, usage := r.Nodes, r.Usage
			withoutNodes(9)(r, s)
			r.Nodes, r.Usage = nodes, usage
		}}, "unknown", ""},
		{"closed loop at an unknown server", spoils{closed(0)}, "server", "8 users, who ask again at once"},
		{"closed loop with pauses", spoils{closed(time.Second)}, "unknown", ""},

		{"no attempts", spoils{func(_ *Record, s *Summary) { *s = Summary{Length: 10 * time.Second, Lag: Quantiles{P99: time.Second}} }}, "unknown", "no attempt was made"},
		{"too short to say", spoils{backends(1900*ms, 50), func(r *Record, s *Summary) { r.Host.Wall, s.Length = ms, ms }}, "unknown", "1ms are too short to tell by"},
	} {
		rec, sum := loaded()
		for _, spoil := range test.spoil {
			spoil(rec, &sum)
		}
		got := LimitOf(rec, sum)
		if who := strings.TrimSpace(got.Who + " " + got.What); who != test.want || !strings.Contains(got.Why, test.says) || got.Why == "" {
			t.Errorf("%s: %s\ngot  %s\nwant %s, saying %q", test.why, got, who, test.want, test.says)
		}
	}
}

func TestEveryLimitOfTheClientIsTold(t *testing.T) {
	rec, sum := loaded()
	sum.Lag.P99, sum.Offered = time.Second, 2000
	sum.Causes = map[Cause]uint64{CausePorts: 1, CauseDescriptors: 1, CauseResources: 1}
	sum.GeneratorCPU = 39 * time.Second
	rec.Driven.Shards = []Shard{{CPU: 10 * time.Second, Wall: 10 * time.Second}}
	var got []string
	for _, l := range ClientLimits(rec, sum, ClientBounds{}) {
		got = append(got, l.Who+" "+l.What)
	}
	want := []string{"client descriptors", "client ports", "kernel memory", "client shard", "client cpu", "client schedule"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if found := ClientLimits(rec, Summary{Attempts: 1, Length: 10 * time.Second}, ClientBounds{CPU: 1, LagP99: time.Hour}); len(found) > 0 {
		t.Errorf("a client within wider bounds is said to be at its limit: %v", found)
	}
}

func TestWhoeverIsShedByALateClientIsTheClientsOwn(t *testing.T) {
	for _, row := range []struct {
		a    Attempt
		want bool
	}{
		{Attempt{Cause: CauseShed, Sent: 10 * time.Second, Done: 10 * time.Second}, true},
		{Attempt{Cause: CauseShed, Sent: 10 * time.Second, Done: 10 * time.Second, Queued: 9 * time.Second}, false},
		{Attempt{Cause: CauseTimeout, Sent: 10 * time.Second}, false},
		{Attempt{Cause: CauseDescriptors}, true},
		{Attempt{Cause: CausePorts}, true},
		{Attempt{Cause: CauseResources}, true},
		{Attempt{Cause: CauseConnect}, false},
		{Attempt{Outcome: OK}, false},
	} {
		if got := row.a.Own(); got != row.want {
			t.Errorf("%+v: own %v, want %v", row.a, got, row.want)
		}
	}
}
