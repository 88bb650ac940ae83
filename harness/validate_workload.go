package harness

import (
	"fmt"
	"time"
)

var workloadRules = []rule{
	{[]string{"workload.rate", "workload.search", "workload.users"}, loadOrSearch},
	{[]string{"workload.requests", "workload.duration", "workload.search"}, oneLength},
	{[]string{"workload.requests", "workload.rate", "workload.duration", "workload.users", "workload.softstart"}, bounded},
	{[]string{"workload.tls", "workload.route"}, clearDirect},
	{[]string{"workload.probe", "workload.search"}, func(sc *Scenario) (string, string) {
		if sc.Workload.Probe > 0 && sc.Workload.Search != nil {
			return "a search has a probe of its own", "set workload.search.probe"
		}
		return "", ""
	}},
	lasting("workload.probe", func(sc *Scenario) time.Duration { return sc.Workload.Probe }, 0, time.Hour),
	lasting("workload.duration", func(sc *Scenario) time.Duration { return sc.Workload.Duration }, 0, 24*time.Hour),
	prefixRule,
	within("workload.customers", func(sc *Scenario) float64 { return float64(sc.Workload.Customers) }, 1, MaxCustomers),
	within("workload.hosts", func(sc *Scenario) float64 { return float64(sc.Workload.Hosts) }, 1, MaxCustomers),
	within("workload.dynamic", func(sc *Scenario) float64 { return float64(sc.Workload.Dynamic) }, 0, 1),
	within("workload.tls", func(sc *Scenario) float64 { return float64(sc.Workload.TLS) }, 0, 1),
	lasting("workload.work", func(sc *Scenario) time.Duration { return sc.Workload.Work }, 0, 10*time.Second),
	lasting("workload.timeout", func(sc *Scenario) time.Duration { return sc.Workload.Timeout }, time.Millisecond, 10*time.Minute),
	within("workload.connections", func(sc *Scenario) float64 { return float64(sc.Workload.Connections) }, 0, 60_000),
	within("workload.rate", func(sc *Scenario) float64 { return float64(sc.Workload.Rate) }, 0, mostRate),
}

// loadOrSearch demands an offered load, or a search for one.
func loadOrSearch(sc *Scenario) (text, suggestion string) {
	w := &sc.Workload
	switch {
	case w.Rate == 0 && w.Users != nil && w.Search == nil && !w.replayed() && !w.closed():
		return "nobody said how many users there are", "add users.count: 50 for always so many, or rate: 20/s for so many arrivals"
	case w.Rate == 0 && w.Search == nil && !w.replayed() && !w.closed():
		return "the workload has no rate", "add rate: 2000/s, or search: to look for the highest rate"
	case w.Rate != 0 && w.Search != nil:
		return "the workload has a rate and a search, which looks for the rate itself", "keep one of them"
	}
	return "", ""
}

// oneLength demands exactly one end of the workload.
func oneLength(sc *Scenario) (text, suggestion string) {
	w := &sc.Workload
	switch {
	case w.Search != nil && (w.Requests != 0 || w.Duration != 0):
		return "a search has its own length", "take requests and duration out; set search.step and search.stairs"
	case w.Search == nil && w.Requests == 0 && w.Duration == 0 && !w.replayed():
		return "the workload has no end", "add requests: 100000 or duration: 30s"
	case w.Requests != 0 && w.Duration != 0:
		return "the workload has requests and a duration, which can disagree", "keep one of them; --set workload.duration= takes one out"
	}
	return "", ""
}

// bounded keeps the attempts of one trial within memory.
func bounded(sc *Scenario) (text, suggestion string) {
	w := &sc.Workload
	attempts := max(float64(w.Requests), (w.meanRate()*w.Duration.Seconds()+w.ramp())*w.session())
	if attempts > MaxAttempts {
		return fmt.Sprintf("the workload has %.0f attempts, more than the limit of %d", attempts, MaxAttempts), "make it shorter"
	}
	return "", ""
}

// clearDirect refuses TLS where nothing would terminate it.
func clearDirect(sc *Scenario) (text, suggestion string) {
	if sc.Workload.Route == RouteDirect && sc.Workload.TLS > 0 {
		return "backends speak no TLS, so tls cannot be above 0 on route direct", "set tls: 0"
	}
	return "", ""
}

var searchRules = []rule{
	ofSearch("objective.latency", func(s *Search) bool { return s.Objective.Latency > 0 }, "a duration above 0, such as 100ms"),
	ofSearch("objective.quantile", func(s *Search) bool { return s.Objective.Quantile > 0 && s.Objective.Quantile < 1 }, "a fraction between 0 and 1, such as 0.99"),
	ofSearch("objective.achieved", func(s *Search) bool { return s.Objective.Achieved > 0 && s.Objective.Achieved <= 1 }, "a fraction above 0 up to 1, such as 0.98"),
	ofSearch("probe", func(s *Search) bool { return s.Probe > 0 && s.Probe <= time.Hour }, "a duration above 0, such as 3s"),
	ofSearch("step", func(s *Search) bool { return s.Step > 0 && s.Step <= time.Hour }, "a duration above 0, such as 3s"),
	ofSearch("from", func(s *Search) bool { return s.From > 0 && s.From < s.To }, "a fraction of the probed capacity, above 0 and below search.to"),
	ofSearch("to", func(s *Search) bool { return s.To > 0 && s.To <= 10 }, "a fraction of the probed capacity, at most 10"),
	ofSearch("stairs", func(s *Search) bool { return s.Stairs >= 2 && s.Stairs <= 100 }, "2 to 100"),
}

// ofSearch demands something of the search, if there is one.
func ofSearch(name string, good func(*Search) bool, want string) rule {
	path := "workload.search." + name
	return rule{[]string{path}, func(sc *Scenario) (string, string) {
		if sc.Workload.Search == nil || good(sc.Workload.Search) {
			return "", ""
		}
		return fmt.Sprintf("search.%s is missing or impossible", name), "want " + want
	}}
}
