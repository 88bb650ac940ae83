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
		lagP99:   o.duration("lag-p99", 10*time.Millisecond),
		achieved: o.share("achieved", 0.99),
		cpu:      o.share("cpu", 0.9),
		advice:   o.flag("advisory"),
	}
})

// generatorFit asks whether the client was the limit. It never fails: a client
// that sends late, sends too little, runs out of ports or eats the machine says
// nothing about the product, and makes every claim about time void, so the answer is unknown and
// names the limit that was passed. Counts do not suffer.
type generatorFit struct {
	lagP99   time.Duration // option lag-p99: most lateness of 99 in 100 attempts
	achieved float64       // option achieved: least share of the scheduled attempts that were made
	cpu      float64       // option cpu: most share of all cores that the generator may use
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
	if len(rec.Attempts) == 0 {
		return unknown("no attempt was made")
	}
	var limits []string
	lag := lagP99(rec.Attempts)
	if lag > c.lagP99 {
		limits = append(limits, fmt.Sprintf("lag p99 %v is above %v", round(lag), c.lagP99))
	}
	made, known := ratio(float64(len(rec.Attempts)), float64(rec.Driven.Offered))
	switch {
	case !known:
		limits = append(limits, "the driver does not say how many attempts it was to make")
	case made < c.achieved:
		limits = append(limits, fmt.Sprintf("%s of the scheduled attempts were made, below %s", percent(made), percent(c.achieved)))
	}
	if n := shortages(rec.Attempts); n > 0 {
		limits = append(limits, fmt.Sprintf("%s found it out of descriptors or ports", count(n, "attempt", "attempts")))
	}
	cpu, known := cpuShare(rec)
	switch {
	case !known:
		limits = append(limits, "its use of the CPU is not known")
	case cpu > c.cpu:
		limits = append(limits, fmt.Sprintf("it used %s of all cores, above %s", percent(cpu), percent(c.cpu)))
	}
	if len(limits) > 0 {
		return unknown("times are void, the generator was unfit: %s", strings.Join(limits, "; "))
	}
	return pass("the generator was fit: lag p99 %v, %s of the scheduled attempts made, %s of all cores used",
		round(lag), percent(made), percent(cpu))
}

// shortages counts the attempts that the client itself had no means for.
func shortages(attempts []harness.Attempt) (n uint64) {
	for i := range attempts {
		if attempts[i].Cause == harness.CauseResources {
			n++
		}
	}
	return n
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
