package reports

import "github.com/haproof/haproof/harness"

// fact is one headline figure. Class is the status that it bears, or empty.
type fact struct {
	Figure string
	Label  string
	Class  string
}

// maxFacts bounds the headline figures.
const maxFacts = 6

// facts picks the figures that a reader should remember.
func facts(r *harness.Result) []fact {
	ct := shown(r)
	if ct.trial == nil {
		return nil
	}
	if costs := costFacts(r); len(costs) > 0 {
		return costs
	}
	list := append(rateFacts(r), countFacts(ct.trial)...)
	if !searching(r) {
		list = append(list, timeFacts(ct.trial)...)
	}
	list, _ = first(list, maxFacts)
	return list
}

func countFacts(t *harness.TrialResult) []fact {
	if !counted(t) {
		return nil
	}
	if charges := chargeFacts(t); charges != nil {
		return charges
	}
	s := spreadOf(t)
	if len(s.Witnesses) == 0 {
		return nil
	}
	client := t.Counts[harness.WitnessClient]
	list := []fact{
		{Figure: count(client.Sure), Label: noun(client.Sure, "dynamic answer")},
		{Figure: count(len(s.Customers)), Label: noun(len(s.Customers), "customer")},
		{Figure: count(len(s.Witnesses)), Label: noun(len(s.Witnesses), "witness")},
	}
	if client.Unsure > 0 {
		list[0].Label += ", perhaps " + count(client.Unsure) + " more"
	}
	if n := len(t.Absent); n > 0 {
		list = append(list, fact{Figure: count(n), Label: noun(n, "witness") + " absent", Class: "unknown"})
	}
	if s.Differing > 0 {
		return append(list, fact{Figure: count(s.Gap), Label: noun(s.Gap, "difference") + ", on " + plural(s.Differing, "customer"), Class: "fail"})
	}
	class := "pass"
	if len(t.Absent) > 0 || client.Unsure > 0 || len(s.Witnesses) < 2 {
		class = "" // nothing differs, yet nothing is proven
	}
	return append(list, fact{Figure: "0", Label: "differences", Class: class})
}

func timeFacts(t *harness.TrialResult) []fact {
	var list []fact
	s := &t.Summary
	if s.Response.N > 0 {
		list = append(list, fact{Figure: duration(s.Response.P99), Label: "p99 response, corrected"})
	}
	if s.AchievedRPS > 0 {
		list = append(list, fact{Figure: decimal(s.AchievedRPS) + "/s", Label: "answered of " + decimal(s.OfferedRPS) + "/s offered"})
	}
	return list
}

func rateFacts(r *harness.Result) []fact {
	curves := curvesOf(r)
	if len(curves) == 0 {
		return nil
	}
	main := mainCurve(curves)
	c := curves[main]
	from, to := c.Points[0], c.Points[len(c.Points)-1]
	list := []fact{{
		Figure: decimal(to.Median) + "/s",
		Label:  "sustained with " + decimal(to.X) + " " + xlabel(curves) + " (" + decimal(to.Low) + " to " + decimal(to.High) + ", n = " + count(to.N) + ")",
	}}
	if g, ok := growth(r, c); ok {
		list = append(list, fact{Figure: times(g.mid), Label: "from " + decimal(from.X) + " to " + decimal(to.X) + " " + xlabel(curves) + " (" + g.ends(times) + ")"})
	}
	if share, ok := ofReference(r, curves, c); ok {
		list = append(list, fact{Figure: percent(share.mid), Label: "of direct throughput at " + decimal(to.X) + " " + xlabel(curves) + " (" + share.ends(percent) + ")"})
	}
	if limit := limitOf(to.Bottleneck); limit != "unknown" {
		list = append(list, fact{Figure: limit, Label: "is the limit there"})
	}
	return list
}

// mainCurve is the curve that a title speaks of: the first that is not the
// reference without a proxy.
func mainCurve(curves []harness.Curve) int {
	if directCurve(curves) == 0 {
		return 1
	}
	return 0
}
