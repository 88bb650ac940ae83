package harness

import (
	"fmt"
	"strings"
	"time"
)

// What can limit a trial.
const (
	LimitClient  = "client"  // the load generator, whatever of it
	LimitProxy   = "proxy"   // a tier of the lab
	LimitBackend = "backend" // likewise
	LimitServer  = "server"  // what answers, where its parts are not known
	LimitKernel  = "kernel"  // its memory, buffers and queues
	LimitHost    = "host"    // the machine as a whole
	LimitUnknown = "unknown" // something that is not measured, such as a lock, or nothing
)

// Limit is what limited a trial, and how that is known.
type Limit struct {
	Who  string // one of the above, never empty
	What string // which of its means, such as shard or ports; may be empty
	Why  string // the evidence, and for a limit that voids times what to do about it
}

// String is the limit in words for a sentence: the client (shard): thread 1 …
func (l Limit) String() string {
	who := l.Who
	if who != LimitUnknown {
		who = "the " + who
	}
	if l.What != "" {
		who += " (" + l.What + ")"
	}
	return who + ": " + l.Why
}

// Thresholds of LimitOf. A search spends about half of its time well below
// capacity and its usage is an average over all of it, so a node that was at its
// limit at the top shows less.
const (
	lateP99        = 10 * time.Millisecond // of lag: the client was late
	atLimit        = 0.85                  // of the CPU a node may use
	atLimitSearch  = 0.6
	throttledOften = 0.25        // of scheduler periods
	clientFull     = 0.9         // of all cores, or of one core for a thread
	scheduleKept   = 0.99        // of the attempts that were due
	hostFull       = 0.95        // of all cores
	hostStolen     = 0.02        // of CPU time
	hostPressed    = 0.9         // of the time, in which some task waited for a CPU
	dropsMatter    = 0.001       // dropped by the kernel, per attempt
	tellingLength  = time.Second // the shortest of which an average says anything
)

// Bottleneck is the one word of LimitOf.
func Bottleneck(rec *Record, sum Summary) string { return LimitOf(rec, sum).Who }

// LimitOf names what limited a trial. The rules, of which the first that holds
// decides:
//
//  1. client: it ran out of descriptors or ports; or kernel: it had no memory or
//     buffers left for the client;
//  2. client: one of its threads used 90 % of a core, or all of it 90 % of all cores;
//  3. client: it sent late (lag p99 above 10 ms), sent less than 99 % of what was due,
//     or gave attempts up because it was late; but host, where the machine was taken
//     away or full and not by the client;
//  4. backend or proxy, whichever came closer to its limit: its nodes used 85 % (in
//     a search 60 %) of the CPU that their limits, or else their threads, allow, or
//     the limits held them back in a quarter of the scheduler's periods. The
//     average over the tier counts, because load is spread over it;
//  5. kernel: it dropped connections or segments, one per 1,000 attempts, as a queue
//     was full;
//  6. host: 95 % of all cores were busy, 2 % of the CPU time was stolen, or some task
//     waited for a CPU in 90 % of the time, unless nodes are held back on purpose;
//  7. server: nothing is known of what answers, and it answered less than was asked,
//     or slower and slower;
//  8. unknown.
func LimitOf(rec *Record, sum Summary) Limit { return LimitWithin(rec, sum, ClientBounds{}) }

// LimitWithin is LimitOf with other bounds for the client.
func LimitWithin(rec *Record, sum Summary, bounds ClientBounds) Limit {
	e := newEvidence(rec, sum)
	if sum.Attempts == 0 {
		return Limit{Who: LimitUnknown, Why: "no attempt was made"}
	}
	if found := e.shortages(); len(found) > 0 {
		return found[0]
	}
	if e.length < tellingLength {
		return Limit{Who: LimitUnknown, Why: fmt.Sprintf("%v are too short to tell by", e.length.Round(time.Millisecond))}
	}
	if found := ClientLimits(rec, sum, bounds); len(found) > 0 {
		return found[0]
	}
	for _, rule := range []func() (Limit, bool){e.tiers, e.kernel, e.host, e.server} {
		if found, ok := rule(); ok {
			return found
		}
	}
	return Limit{Who: LimitUnknown, Why: "nothing that is measured was at its limit" + e.fullness()}
}

// evidence is a trial with what several rules need.
type evidence struct {
	rec       *Record
	sum       Summary
	length    time.Duration
	cores     float64
	available float64 // CPU time of all cores
}

func newEvidence(rec *Record, sum Summary) evidence {
	e := evidence{rec: rec, sum: sum, length: max(rec.Host.Wall, sum.Length), cores: float64(max(rec.Host.Cores, rec.Environment.Cores))}
	e.available = e.cores * float64(e.length)
	return e
}

// kernel looks for queues of the kernel that were full.
func (e evidence) kernel() (Limit, bool) {
	d := e.rec.Host.Kernel
	if n := d.total(); n == 0 || float64(n) < dropsMatter*float64(e.sum.Attempts) {
		return Limit{}, false
	}
	return Limit{LimitKernel, "queues", fmt.Sprintf("it dropped %d connections as listen queues were full, %d for any reason, and %d segments: raise net.core.somaxconn and the server's backlog",
		d.Overflows, d.Listen, d.Backlog)}, true
}

// host looks for a machine that was taken away or full.
func (e evidence) host() (Limit, bool) {
	h := e.rec.Host
	if h.Unknown != "" || e.available <= 0 || h.Wall <= 0 {
		return Limit{}, false
	}
	stolen, busy, pressed := float64(h.Stolen)/e.available, float64(h.Busy)/e.available, float64(h.Pressure)/float64(h.Wall)
	switch {
	case stolen > hostStolen:
		return Limit{LimitHost, "stolen", fmt.Sprintf("the hypervisor gave %s of the CPU time to others: use a machine of your own, or repeat when it is quiet", share(stolen))}, true
	case busy >= hostFull:
		return Limit{LimitHost, "cpu", fmt.Sprintf("%s of all cores was busy: offer fewer requests/s, stop what else runs, or use more cores", share(busy))}, true
	case pressed >= hostPressed && !e.limited():
		return Limit{LimitHost, "pressure", fmt.Sprintf("some task waited for a CPU in %s of the time: offer fewer requests/s, stop what else runs, or use more cores", share(pressed))}, true
	}
	return Limit{}, false
}

// limited says whether a node is held back on purpose, which the kernel counts as
// pressure too.
func (e evidence) limited() bool {
	for _, n := range e.rec.Nodes {
		if n.Limited {
			return true
		}
	}
	return false
}

// fullness says how full the tiers and the client's threads were.
func (e evidence) fullness() string {
	var parts []string
	for _, tier := range []string{TierProxy, TierBackend} {
		if load := tierLoad(e.rec, tier, e.length, e.cores); load.used > 0 {
			parts = append(parts, fmt.Sprintf("%s %s of the CPU that it may use", tier, share(load.used)))
		}
	}
	if full := FullestShard(e.rec.Driven.Shards); full > 0 {
		parts = append(parts, fmt.Sprintf("client %s of a core", share(full)))
	}
	if len(parts) == 0 {
		return ""
	}
	return " (" + strings.Join(parts, ", ") + ")"
}

// share writes a share: 97 %.
func share(x float64) string { return fmt.Sprintf("%.0f %%", 100*x) }
