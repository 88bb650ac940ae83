package harness

import (
	"fmt"
	"strings"
	"time"
)

// ClientBounds are what a client may do and still be fit. What is 0 is the default.
type ClientBounds struct {
	LagP99   time.Duration // most lateness of 99 in 100 attempts: 10 ms
	Achieved float64       // least share of the attempts that were due: 0.99
	CPU      float64       // most share of all cores, and of one core by a thread: 0.9
}

func (b ClientBounds) orDefaults() ClientBounds {
	if b.LagP99 <= 0 {
		b.LagP99 = lateP99
	}
	if b.Achieved <= 0 {
		b.Achieved = scheduleKept
	}
	if b.CPU <= 0 {
		b.CPU = clientFull
	}
	return b
}

// ClientLimits returns every way in which a trial's load generator was at its limit,
// the gravest first, none where it was fit. Where the machine as a whole kept it from
// sending on time the limit is the host, and where the kernel had no memory for it the
// kernel: all of them void times.
func ClientLimits(rec *Record, sum Summary, bounds ClientBounds) []Limit {
	e, bounds := newEvidence(rec, sum), bounds.orDefaults()
	found := e.shortages()
	if thread, full := fullestShard(rec.Driven.Shards); full > bounds.CPU {
		found = append(found, Limit{LimitClient, "shard", fmt.Sprintf("thread %d of %d used %s of its core, above %s: offer fewer requests/s, or drive from a machine with more or faster cores",
			thread+1, len(rec.Driven.Shards), share(full), share(bounds.CPU))})
	}
	if used := float64(sum.GeneratorCPU); e.available > 0 && used > bounds.CPU*e.available {
		found = append(found, Limit{LimitClient, "cpu", fmt.Sprintf("it used %s of all cores, above %s: offer fewer requests/s, or drive from a machine with more cores",
			share(used/e.available), share(bounds.CPU))})
	}
	if what, why := lateness(sum, bounds); what != "" {
		found = append(found, e.blame(what, why))
	}
	return found
}

// lateness says in which ways the schedule was not kept, the gravest last.
func lateness(sum Summary, bounds ClientBounds) (what, why string) {
	var reasons []string
	if sum.Lag.P99 > bounds.LagP99 {
		what, reasons = "lag", append(reasons, fmt.Sprintf("lag p99 %v is above %v", shortened(sum.Lag.P99), bounds.LagP99))
	}
	if sum.ShedLate > 0 {
		what, reasons = "shed", append(reasons, fmt.Sprintf("%s gave up before being sent, as the client was late", plural(sum.ShedLate, "attempt")))
	}
	if made := float64(sum.Attempts-sum.ShedLate) / float64(max(sum.Offered, 1)); sum.Offered > 0 && made < bounds.Achieved {
		what, reasons = "schedule", append(reasons, fmt.Sprintf("%.1f %% of the scheduled attempts were made, below %.1f %%", 100*made, 100*bounds.Achieved))
	}
	return what, strings.Join(reasons, ", ")
}

// blame says who kept the client from its schedule: the machine, where it was taken
// away or full and the client was not what filled it, else the client.
func (e evidence) blame(what, why string) Limit {
	host, ok := e.host()
	if ok && 2*e.sum.GeneratorCPU < e.rec.Host.Busy {
		return Limit{LimitHost, host.What, why + ", as " + host.Why}
	}
	return Limit{LimitClient, what, why + ": offer fewer requests/s, or repeat on a quieter machine"}
}

// shortages are the means that attempts found used up.
func (e evidence) shortages() []Limit {
	var found []Limit
	if n := e.sum.Causes[CauseDescriptors]; n > 0 {
		now := ""
		if files := e.rec.Environment.Files; files > 0 {
			now = fmt.Sprintf(" (it is %d)", files)
		}
		found = append(found, Limit{LimitClient, "descriptors", fmt.Sprintf("%s found no free file descriptor: raise its limit%s by ulimit -n, or keep fewer connections open", plural(n, "attempt"), now)})
	}
	if n := e.sum.Causes[CausePorts]; n > 0 {
		found = append(found, Limit{LimitClient, "ports", fmt.Sprintf("%s found no free local port: let connections carry more attempts each, widen net.ipv4.ip_local_port_range, or load several addresses", plural(n, "attempt"))})
	}
	if n := e.sum.Causes[CauseResources]; n > 0 {
		found = append(found, Limit{LimitKernel, "memory", fmt.Sprintf("it had no memory or buffers left for %s (in records of before these were told apart: descriptors or ports): keep fewer connections open, or use more memory", plural(n, "attempt"))})
	}
	return found
}

// FullestShard returns how much of its core the busiest of a driver's threads used, 0
// where that is not known.
func FullestShard(shards []Shard) float64 {
	_, full := fullestShard(shards)
	return full
}

// fullestShard returns the thread that used most of its core, and how much. A thread
// that ran too shortly to tell is left out.
func fullestShard(shards []Shard) (thread int, full float64) {
	for i, s := range shards {
		if s.Wall < tellingLength {
			continue
		}
		if used := float64(s.CPU) / float64(s.Wall); used > full {
			thread, full = i, used
		}
	}
	return thread, full
}

func plural(n uint64, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// shortened leaves out digits that say nothing.
func shortened(d time.Duration) time.Duration {
	if d >= time.Millisecond {
		return d.Round(10 * time.Microsecond)
	}
	return d.Round(time.Microsecond)
}
