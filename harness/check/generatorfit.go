package check

import (
	"fmt"
	"strings"
	"time"

	"github.com/haproof/haproof/harness"
	"github.com/haproof/haproof/harness/stats"
)

var _ = register("generator-fit", func(o *options) harness.AnyCheck {
	return generatorFit{
		lagP99:   o.duration("lag-p99", tolerableLag),
		achieved: o.share("achieved", 0.99),
		cpu:      o.share("cpu", 0.9),
		advice:   o.flag("advisory"),
	}
})

// generatorFit asks whether the client was the limit, and says what else was. It never
// fails: a client that sends late, sends too little, runs out of descriptors or ports,
// fills a core with one of its threads or eats the machine says nothing about the
// product, and makes every claim about time void. The answer is unknown then, names
// the culprit (the client, the host or the kernel) and says what to do. Counts do not
// suffer. See harness.LimitOf.
type generatorFit struct {
	lagP99   time.Duration // option lag-p99: most lateness of 99 in 100 attempts
	achieved float64       // option achieved: least share of the scheduled attempts that were made
	cpu      float64       // option cpu: most share of all cores that the generator may use, and of one core that a thread may
	advice   bool          // option advisory: report, but do not weigh in the verdict
}

var (
	_ harness.Check   = generatorFit{}
	_ harness.Adviser = generatorFit{}
)

func (c generatorFit) Advisory() bool { return c.advice }

func (generatorFit) Name() string { return "generator-fit" }

func (c generatorFit) Judge(rec *harness.Record) harness.Verdict {
	return named(c.Name(), c.judge(rec))
}

func (c generatorFit) judge(rec *harness.Record) harness.Verdict {
	if rec.Made() == 0 {
		return unknown("no attempt was made%s", because(rec))
	}
	sum := harness.Summarise(rec)
	bounds := harness.ClientBounds{LagP99: c.lagP99, Achieved: c.achieved, CPU: c.cpu}
	found := harness.ClientLimits(rec, sum, bounds)
	if len(found) > 0 {
		var limits []string
		for _, l := range found {
			limits = append(limits, l.String())
		}
		return unknown("times are void, the limit is %s", strings.Join(limits, "; "))
	}
	made, known := ratio(float64(sum.Attempts), float64(sum.Offered))
	if !known {
		return unknown("times are void, the limit is not known: the driver does not say how many attempts it was to make")
	}
	cpu, known := cpuShare(rec)
	if !known {
		return unknown("times are void, the limit is not known: the generator's use of the CPU is not known")
	}
	return pass("the generator was fit: lag p99 %v, %s of the scheduled attempts made, %s of all cores used%s; the limit is %s",
		round(sum.Lag.P99), percent(made), percent(cpu), busiest(rec), harness.LimitWithin(rec, sum, bounds))
}

// busiest says how full the busiest of the generator's threads was, where it has its
// own.
func busiest(rec *harness.Record) string {
	full := harness.FullestShard(rec.Driven.Shards)
	if full == 0 {
		return ""
	}
	return fmt.Sprintf(", %s of a core by the busiest of %s", percent(full), count(uint64(len(rec.Driven.Shards)), "thread", "threads"))
}

func lagP99(attempts []harness.Attempt) time.Duration {
	h := stats.NewHistogram()
	for i := range attempts {
		h.Record(attempts[i].Lag())
	}
	return h.Quantile(0.99)
}

// cpuShare is the generator's share of all cores while driving.
func cpuShare(rec *harness.Record) (float64, bool) {
	cores := max(rec.Host.Cores, rec.Environment.Cores)
	length := max(rec.Host.Wall, rec.Driven.Length)
	share, known := ratio(float64(rec.Driven.CPU), float64(length)*float64(cores))
	return share, known && rec.Driven.CPU > 0
}

func ratio(part, whole float64) (float64, bool) {
	if whole <= 0 {
		return 0, false
	}
	return part / whole, true
}

func round(d time.Duration) time.Duration {
	if d >= time.Millisecond {
		return d.Round(10 * time.Microsecond)
	}
	return d.Round(time.Microsecond)
}
