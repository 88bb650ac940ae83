package check

import (
	"slices"
	"testing"
	"time"

	"github.com/haproof/haproof/harness"
)

func TestNoErrorsCountsEveryCause(t *testing.T) {
	spoil := func(r *harness.Record, i int, status int, cause harness.Cause) {
		r.Attempts[i].Status, r.Attempts[i].Cause = status, cause
	}
	run(t, harness.CheckSpec{Name: "no-errors"}, []judged{
		{"all as expected", nothing, harness.Pass, "100 of 100 attempts answered as expected", ""},
		{"two statuses and a timeout", func(r *harness.Record) {
			spoil(r, 3, 503, harness.CauseStatus)
			spoil(r, 4, 503, harness.CauseStatus)
			timeOut(r, 9)
		}, harness.Fail, "3 of 100 attempts did not go as expected: 2 status, 1 timeout", `status: 2 attempts, the first is attempt 3: status 503, key "c0003", due at 30ms`},
		{"no answer and no cause", func(r *harness.Record) { r.Attempts[0].Outcome = harness.Indeterminate }, harness.Fail, "1 unexplained", ""},
		{"out of ports, and the product's fault too", func(r *harness.Record) {
			spoil(r, 3, 0, harness.CauseResources)
			spoil(r, 4, 0, harness.CauseReset)
		}, harness.Fail, "1 reset, 1 resources", ""},
		{"out of memory", func(r *harness.Record) { spoil(r, 3, 0, harness.CauseResources) }, harness.Unknown, "1 resources", ""},
		{"out of ports", func(r *harness.Record) { spoil(r, 3, 0, harness.CausePorts) }, harness.Unknown, "1 ports", ""},
		{"out of descriptors", func(r *harness.Record) { spoil(r, 3, 0, harness.CauseDescriptors) }, harness.Unknown, "1 of 100 attempts went wrong by the fault of the client or the host: 1 descriptors", ""},
		{"given up by a late client", func(r *harness.Record) { spoil(r, 3, 0, harness.CauseShed) }, harness.Unknown, "by the fault of the client or the host: 1 shed", ""},
		{"given up in a queue for connections", func(r *harness.Record) {
			spoil(r, 3, 0, harness.CauseShed)
			r.Attempts[3].Queued = r.Attempts[3].Done - r.Attempts[3].Intended
		}, harness.Fail, "1 shed", ""},
		{"given up in a queue for connections, as the client answered to nobody in time", func(r *harness.Record) {
			spoil(r, 3, 0, harness.CauseShed)
			r.Attempts[3].Queued = r.Attempts[3].Done - r.Attempts[3].Intended
			r.Driven.Shards = []harness.Shard{{CPU: time.Second, Wall: time.Second}}
		}, harness.Unknown, "by the fault of the client or the host: 1 shed", ""},
		{"given up in a queue for connections, as others had filled the host", func(r *harness.Record) {
			spoil(r, 3, 0, harness.CauseShed)
			r.Attempts[3].Queued = r.Attempts[3].Done - r.Attempts[3].Intended
			r.Host.Busy = 2 * time.Second
		}, harness.Unknown, "by the fault of the client or the host: 1 shed", ""},
		{"a reset is not excused by a full host", func(r *harness.Record) {
			spoil(r, 3, 0, harness.CauseReset)
			r.Host.Busy = 2 * time.Second
		}, harness.Fail, "1 reset", ""},
		{"denied without limits", func(r *harness.Record) { spoil(r, 3, 429, harness.CauseDenied) }, harness.Fail, "1 denied", ""},
		{"denied with limits", func(r *harness.Record) { setLimits(r); spoil(r, 3, 429, harness.CauseDenied) }, harness.Pass,
			"99 of 100 attempts answered as expected, 1 denied by limits", ""},
		{"denied with limits, and a status", func(r *harness.Record) {
			setLimits(r)
			spoil(r, 3, 429, harness.CauseDenied)
			spoil(r, 4, 503, harness.CauseStatus)
		}, harness.Fail, "1 of 100 attempts did not go as expected: 1 status", ""},
		{"left by a client that should", func(r *harness.Record) { abort(r); spoil(r, leaver(r, true), 0, harness.CauseAborted) },
			harness.Pass, "99 of 100 attempts answered as expected, 1 left by their clients, as they should", ""},
		{"left by a client that should not", func(r *harness.Record) { abort(r); spoil(r, leaver(r, false), 0, harness.CauseAborted) },
			harness.Fail, "1 of 100 attempts did not go as expected: 1 aborted", ""},
		{"left where nobody should", func(r *harness.Record) { spoil(r, 3, 0, harness.CauseAborted) }, harness.Fail, "1 aborted", ""},
		{"no attempts", func(r *harness.Record) { r.Attempts = nil }, harness.Unknown, "no attempt was made", ""},
		{"no attempts, and why", func(r *harness.Record) { r.Attempts, r.Error = nil, "no certificate" }, harness.Unknown,
			"no attempt was made: the trial could not be finished: no certificate", ""},
		{"driver hides an attempt", func(r *harness.Record) { r.Attempts = r.Attempts[:99] }, harness.Unknown, "1 of 100 attempts were never reported", ""},
		{"driver hides an attempt and that it was offered", func(r *harness.Record) { r.Attempts = r.Attempts[:99]; r.Driven.Offered = 99 },
			harness.Unknown, "1 of 100 attempts were never reported", ""},
		{"trial that broke off", func(r *harness.Record) { r.Error = "lab is gone" }, harness.Unknown, "lab is gone", ""},
		{"interrupted trial", func(r *harness.Record) { r.Interrupted = true }, harness.Unknown, "the trial was interrupted", ""},
		{"lab taken down under what was in flight", func(r *harness.Record) { r.Interrupted = true; spoil(r, 3, 0, harness.CauseReset) },
			harness.Unknown, "may be why 1 of 100 attempts did not go as expected: 1 reset", "attempt 3"},
		{"search", func(r *harness.Record) { search(r); spoil(r, 3, 0, harness.CauseTimeout) }, harness.Unknown, "a search", ""},
	})
}

// abort has some clients leave early.
func abort(r *harness.Record) {
	r.Cell.Scenario.Workload.Abort = &harness.Abort{Share: 0.1, When: harness.AbortAsked}
}

// leaver returns the first attempt whose client should leave, or should not.
func leaver(r *harness.Record, should bool) int {
	w := r.Cell.Scenario.Workload
	return slices.IndexFunc(r.Attempts, func(a harness.Attempt) bool { return w.Abort.Chooses(w.Seed, a.Seq) == should })
}

func TestNodesAliveNamesTheDead(t *testing.T) {
	run(t, harness.CheckSpec{Name: "nodes-alive"}, []judged{
		{"all alive", nothing, harness.Pass, "5 nodes lived to the end", ""},
		{"one died", func(r *harness.Record) {
			r.Failures = []harness.NodeFailure{{Node: "proxy2", Reason: "signal: segmentation fault", Log: []string{"a", "BUG"}}}
		}, harness.Fail, "1 node died: proxy2", "proxy2: signal: segmentation fault; its last line: BUG"},
		{"no nodes", func(r *harness.Record) { r.Nodes = nil }, harness.Unknown, "names no node", ""},
	})
}

func TestNodesThatTheScenarioWantsDeadDidNotLive(t *testing.T) {
	state := func(r *harness.Record, state harness.TrackerState) {
		r.Cell.Scenario.Topology[harness.TierTracker] = harness.Tier{State: state}
	}
	run(t, harness.CheckSpec{Name: "nodes-alive"}, []judged{
		{"by a fault", func(r *harness.Record) {
			r.Nodes[4].Name = "tracker1"
			r.Settlement.LeftOut = []string{"tracker1 (killed on purpose)"}
		}, harness.Pass, "4 nodes lived to the end, unlike tracker1 (killed on purpose)", ""},
		{"one whose name begins alike", func(r *harness.Record) {
			r.Nodes[4].Name = "tracker11"
			r.Settlement.LeftOut = []string{"tracker1 (never started)"}
		}, harness.Pass, "5 nodes lived to the end, unlike tracker1 (never started)", ""},
		{"by a state", func(r *harness.Record) { state(r, harness.TrackerDead) }, harness.Pass, "4 nodes lived to the end, unlike trackers, which the scenario wants dead", ""},
		{"proxies that do not track", func(r *harness.Record) { state(r, harness.TrackerOff) }, harness.Pass, "5 nodes lived to the end", ""},
		{"by a fault, and another by itself", func(r *harness.Record) {
			r.Settlement.LeftOut = []string{"tracker1 (killed on purpose)"}
			r.Failures = []harness.NodeFailure{{Node: "proxy2"}}
		}, harness.Fail, "1 node died: proxy2", ""},
	})
}

func TestCPULimitsMustBeInForce(t *testing.T) {
	run(t, harness.CheckSpec{Name: "cpu-limits"}, []judged{
		{"in force", nothing, harness.Pass, "2 CPU limits are in force", ""},
		{"not in force", func(r *harness.Record) { r.Nodes[3].Limited = false }, harness.Unknown, "1 of 2 CPU limits are not in force: backend2", "backend2: asked for 0.2 CPUs, limited: false"},
		{"another limit", func(r *harness.Record) { r.Nodes[2].CPUs = 0.5 }, harness.Unknown, "backend1", ""},
		{"node missing", func(r *harness.Record) { r.Nodes = r.Nodes[:3] }, harness.Unknown, "1 of 2", "backend: 1 of 2 nodes are in the record"},
		{"no limit asked", func(r *harness.Record) { r.Cell.Scenario.Topology[harness.TierBackend] = harness.Tier{Count: 2} },
			harness.Unknown, "nothing to check", ""},
	})
}

func TestGeneratorFitNamesTheLimitThatWasPassed(t *testing.T) {
	late := func(n int, by time.Duration) func(*harness.Record) {
		return func(r *harness.Record) {
			for i := range n {
				r.Attempts[i].Sent += by
			}
		}
	}
	broke := func(cause harness.Cause) func(*harness.Record) {
		return func(r *harness.Record) { r.Attempts[3].Outcome, r.Attempts[3].Cause = harness.Failed, cause }
	}
	shard := func(cpu time.Duration) func(*harness.Record) {
		return func(r *harness.Record) {
			r.Driven.Shards = []harness.Shard{{CPU: 100 * ms, Wall: time.Second}, {CPU: cpu, Wall: time.Second}}
		}
	}
	run(t, harness.CheckSpec{Name: "generator-fit"}, []judged{
		{"fit", nothing, harness.Pass, "lag p99 100µs, 100.0 % of the scheduled attempts made, 15.0 % of all cores used; the limit is unknown: nothing that is measured was at its limit", ""},
		{"fit, with threads of its own", shard(880 * ms), harness.Pass, "15.0 % of all cores used, 88.0 % of a core by the busiest of 2 threads; the limit is", ""},
		{"fit, and the limit was another", func(r *harness.Record) {
			r.Usage = []harness.Usage{{Node: "proxy1", CPU: 950 * ms}, {Node: "proxy2", CPU: 950 * ms}}
		}, harness.Pass, "; the limit is the proxy (cpu): its nodes used 95 % of the CPU that they may use", ""},
		{"one in a hundred late", late(1, time.Second), harness.Pass, "lag p99 100µs", ""},
		{"two in a hundred late", late(2, 20*ms), harness.Unknown, "times are void, the limit is the client (lag): lag p99 20.1", ""},
		{"late, as others had the machine", func(r *harness.Record) {
			late(2, 20*ms)(r)
			r.Host.Stolen = 50 * ms
		}, harness.Unknown, "times are void, the limit is the host (stolen): lag p99 20.1", ""},
		{"too few made", func(r *harness.Record) { r.Driven.Offered = 102 }, harness.Unknown, "the client (schedule): 98.0 % of the scheduled attempts were made, below 99.0 %", ""},
		{"out of ports", broke(harness.CausePorts), harness.Unknown, "the client (ports): 1 attempt found no free local port", ""},
		{"out of descriptors", broke(harness.CauseDescriptors), harness.Unknown, "the client (descriptors): 1 attempt found no free file descriptor", ""},
		{"out of memory", broke(harness.CauseResources), harness.Unknown, "the kernel (memory): it had no memory or buffers left for 1 attempt", ""},
		{"an error of the product", broke(harness.CauseConnect), harness.Pass, "the generator was fit", ""},
		{"gave up as it was late", func(r *harness.Record) {
			r.Attempts[3] = harness.Attempt{Seq: 3, Intended: 30 * ms, Sent: 31 * ms, Done: 31 * ms, Outcome: harness.Failed, Cause: harness.CauseShed}
		}, harness.Unknown, "the client (shed): 1 attempt gave up before being sent", ""},
		{"a full thread", shard(970 * ms), harness.Unknown, "the client (shard): thread 2 of 2 used 97 % of its core, above 90 %: offer fewer requests/s", ""},
		{"eats the machine", func(r *harness.Record) { r.Driven.CPU = 1900 * ms }, harness.Unknown, "the client (cpu): it used 95 % of all cores, above 90 %", ""},
		{"CPU not known", func(r *harness.Record) { r.Driven.CPU = 0 }, harness.Unknown, "the limit is not known: the generator's use of the CPU is not known", ""},
		{"schedule not known", func(r *harness.Record) { r.Driven.Offered = 0 }, harness.Unknown, "the limit is not known: the driver does not say how many", ""},
		{"no attempts", func(r *harness.Record) { r.Attempts = nil }, harness.Unknown, "no attempt was made", ""},
	})
	run(t, harness.CheckSpec{Name: "generator-fit", Options: map[string]string{"lag-p99": "50us", "achieved": "1", "cpu": "0.1"}}, []judged{
		{"strict", nothing, harness.Unknown, "the limit is the client (cpu): it used 15 % of all cores, above 10 %", ""},
		{"strict in all", nothing, harness.Unknown, "; the client (lag): lag p99 100µs is above 50µs", ""},
	})
	run(t, harness.CheckSpec{Name: "generator-fit", Options: map[string]string{"lag-p99": "1s"}}, []judged{
		{"lax", late(2, 20*ms), harness.Pass, "the generator was fit: lag p99 20.1", ""},
	})
}

func TestHostFitNamesWhatTheMachineLacked(t *testing.T) {
	run(t, harness.CheckSpec{Name: "host-fit"}, []judged{
		{"fit", nothing, harness.Pass, "50.0 % of its CPU time busy, 0.0 % stolen", ""},
		{"stolen", func(r *harness.Record) { r.Host.Stolen = 50 * ms }, harness.Unknown, "counts are not, the machine was unfit: stolen CPU time 2.5 % is above 2.0 %", ""},
		{"busy", func(r *harness.Record) { r.Host.Busy = 1960 * ms }, harness.Unknown, "busy CPU time 98.0 % is above 97.0 %", ""},
		{"pressure", func(r *harness.Record) { r.Host.Pressure = 950 * ms; r.Nodes = nil }, harness.Unknown, "under CPU pressure 95.0 % is above 90.0 %", ""},
		{"pressure of nodes that are throttled on purpose", func(r *harness.Record) { r.Host.Pressure = 950 * ms; r.Nodes = []harness.Node{{Limited: true}} }, harness.Pass, "the machine was fit", ""},
		{"not known", func(r *harness.Record) { r.Host.Unknown = "/proc/stat: no such file" }, harness.Unknown, "/proc/stat", ""},
		{"not measured", func(r *harness.Record) { r.Host = harness.HostUsage{} }, harness.Unknown, "not measured", ""},
		{"idle machine", func(r *harness.Record) { r.Host.Busy = 0 }, harness.Unknown, "nothing was measured", ""},
	})
	run(t, harness.CheckSpec{Name: "host-fit", Options: map[string]string{"busy": "0.4"}}, []judged{
		{"strict", nothing, harness.Unknown, "busy CPU time 50.0 % is above 40.0 %", ""},
	})
}
