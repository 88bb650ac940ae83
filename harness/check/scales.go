package check

import (
	"fmt"
	"math"
	"strings"

	"github.com/haproof/haproof/harness"
)

var _ = register("scales-with-backends", func(o *options) harness.AnyCheck {
	return scalesWithBackends{efficiency: o.share("efficiency", 0.5)}
})

// scalesWithBackends asks whether further backends buy further throughput
// through the proxy. Efficiency is what one backend of the largest count
// sustains, over what one of the smallest does: 1 is linear. The ends of the
// intervals bound it from both sides: pass if even the low bound reaches the
// option, fail if even the high bound does not, else unknown. The curve straight
// to the backends is no subject, only the reference for what the proxy costs.
type scalesWithBackends struct{ efficiency float64 }

var _ harness.RunCheck = scalesWithBackends{}

func (scalesWithBackends) Name() string { return "scales-with-backends" }

func (c scalesWithBackends) JudgeRun(run *harness.Run) harness.Verdict {
	return named(c.Name(), c.judge(harness.Curves(run), openTops(run)))
}

// point is one point of one curve.
type point struct {
	curve string
	x     float64
}

// openTops are the points whose maximum lies above what their searches tried.
func openTops(run *harness.Run) map[point]bool {
	open := map[point]bool{}
	for _, rec := range run.Records {
		if name, x, ok := harness.CurveOf(rec.Cell); ok && harness.OpenTop(harness.Summarise(rec).Sustained) {
			open[point{name, x}] = true
		}
	}
	return open
}

func (c scalesWithBackends) judge(curves []harness.Curve, open map[point]bool) harness.Verdict {
	var worst harness.Verdict
	found := false
	for _, curve := range curves {
		if !strings.HasPrefix(curve.Name, harness.ProxyCurve) || curve.XLabel != "backends" {
			continue
		}
		v := c.judgeCurve(curve, open)
		costs(&v, curve, directOf(curve, curves))
		if !found || outweighs(v.Status, worst.Status) {
			worst = v
		}
		found = true
	}
	if !found {
		return unknown("no curve through the proxy over a count of backends")
	}
	return worst
}

func outweighs(a, b harness.Status) bool {
	return a != b && (a == harness.Fail || b == harness.Pass)
}

func (c scalesWithBackends) judgeCurve(curve harness.Curve, open map[point]bool) harness.Verdict {
	if len(curve.Points) < 2 {
		return unknown("%s: %d points make no curve", curve.Name, len(curve.Points))
	}
	first, last := curve.Points[0], curve.Points[len(curve.Points)-1]
	if !(first.X > 0) || !(first.Median > 0) {
		return unknown("%s: nothing was sustained with %g backends, so there is nothing to compare with", curve.Name, first.X)
	}
	e := efficiencyOf(first, last)
	if open[point{curve.Name, first.X}] {
		e.low = 0 // the first point is higher than it was seen to be
	}
	if open[point{curve.Name, last.X}] {
		e.high = math.Inf(1)
	}
	return c.decide(curve, first, last, e)
}

// efficiency is an estimate with its bounds.
type efficiency struct{ low, median, high float64 }

func efficiencyOf(first, last harness.CurvePoint) efficiency {
	linear := last.X / first.X
	e := efficiency{
		low:    last.Low / first.High / linear,
		median: last.Median / first.Median / linear,
		high:   math.Inf(1),
	}
	if first.Low > 0 {
		e.high = last.High / first.Low / linear
	}
	return e
}

func (c scalesWithBackends) decide(curve harness.Curve, first, last harness.CurvePoint, e efficiency) harness.Verdict {
	sentence := fmt.Sprintf("%s: from %g to %g backends the sustained rate grew from %.0f/s to %.0f/s, %.2f of linear (%s, n = %d and %d); the limit at %g backends is %s",
		curve.Name, first.X, last.X, first.Median, last.Median, e.median, bounds(e), first.N, last.N, last.X, limit(last))
	switch {
	case e.low >= c.efficiency:
		return pass("%s", sentence)
	case e.high < c.efficiency:
		return fail("%s; wanted is %.2f", sentence, c.efficiency)
	}
	return unknown("%s; wanted is %.2f, which the interval does not decide", sentence, c.efficiency)
}

func bounds(e efficiency) string {
	if math.IsInf(e.high, 1) {
		return fmt.Sprintf("at least %.2f", e.low)
	}
	return fmt.Sprintf("%.2f to %.2f", e.low, e.high)
}

func limit(p harness.CurvePoint) string {
	if p.Bottleneck == "" || p.Bottleneck == harness.LimitUnknown {
		return "not known"
	}
	return "the " + p.Bottleneck
}

// directOf finds the reference of a curve: same settings, but for the route.
func directOf(curve harness.Curve, curves []harness.Curve) *harness.Curve {
	name := harness.DirectCurve + strings.TrimPrefix(curve.Name, harness.ProxyCurve)
	for i := range curves {
		if curves[i].Name == name {
			return &curves[i]
		}
	}
	return nil
}

// costs adds a finding per point: what came through the proxy of what the
// backends gave without it.
func costs(v *harness.Verdict, curve harness.Curve, direct *harness.Curve) {
	var f findings
	for _, p := range curve.Points {
		text := fmt.Sprintf("%.0f/s (%.0f to %.0f, n = %d), limit %s", p.Median, p.Low, p.High, p.N, limit(p))
		if direct != nil {
			for _, d := range direct.Points {
				if d.X == p.X && d.Median > 0 {
					text += fmt.Sprintf("; %s of the %.0f/s straight to the backends", percent(p.Median/d.Median), d.Median)
				}
			}
		}
		f.add(fmt.Sprintf("%g backends", p.X), "%s", text)
	}
	*v = f.on(*v)
}
