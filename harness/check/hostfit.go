package check

import (
	"fmt"
	"slices"
	"strings"

	"github.com/haproof/haproof/harness"
)

var _ = register("host-fit", func(o *options) harness.AnyCheck {
	return hostFit{steal: o.share("steal", 0.02), busy: o.share("busy", 0.97), pressure: o.share("pressure", 0.9), advice: o.flag("advisory")}
})

// hostFit asks whether the machine had time for all of this. It never fails: a
// machine that was taken away or full makes claims about time void: unknown,
// with the reasons. Counts do not suffer.
type hostFit struct {
	steal    float64 // option steal: most share of CPU time that the hypervisor may give to others
	busy     float64 // option busy: most share of CPU time in use
	pressure float64 // option pressure: most share of the time in which some task may wait for a CPU
	advice   bool    // option advisory: report, but do not weigh in the verdict
}

var (
	_ harness.Check   = hostFit{}
	_ harness.Adviser = hostFit{}
)

func (c hostFit) Advisory() bool { return c.advice }

// waiting is what the limit of pressure is called.
const waiting = "time under CPU pressure"

func (hostFit) Name() string { return "host-fit" }

func (c hostFit) Judge(rec *harness.Record) harness.Verdict {
	throttled := slices.ContainsFunc(rec.Nodes, func(n harness.Node) bool { return n.Limited })
	return named(c.Name(), c.judge(rec.Host, throttled))
}

// judge leaves pressure alone where nodes are throttled on purpose: the kernel
// counts a task that its own limit holds back as one that waits for a CPU.
func (c hostFit) judge(host harness.HostUsage, throttled bool) harness.Verdict {
	if host.Unknown != "" {
		return unknown("the use of the machine is not known: %s", host.Unknown)
	}
	steal, known := ratio(float64(host.Stolen), float64(host.Wall)*float64(host.Cores))
	if !known {
		return unknown("the use of the machine was not measured")
	}
	busy := float64(host.Busy) / (float64(host.Wall) * float64(host.Cores))
	pressure := float64(host.Pressure) / float64(host.Wall)
	if busy == 0 {
		return unknown("the machine is said to have been idle, so nothing was measured")
	}
	var limits []string
	for _, l := range []struct {
		what         string
		value, limit float64
	}{{"stolen CPU time", steal, c.steal}, {"busy CPU time", busy, c.busy}, {waiting, pressure, c.pressure}} {
		if l.value > l.limit && !(l.what == waiting && throttled) {
			limits = append(limits, fmt.Sprintf("%s %s is above %s", l.what, percent(l.value), percent(l.limit)))
		}
	}
	if len(limits) > 0 {
		return unknown("times are void, counts are not, the machine was unfit: %s", strings.Join(limits, "; "))
	}
	return pass("the machine was fit: %s of its CPU time busy, %s stolen, some task waited in %s of the time",
		percent(busy), percent(steal), percent(pressure))
}
