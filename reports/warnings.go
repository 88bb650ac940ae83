package reports

import (
	"slices"
	"strings"

	"github.com/haproof/haproof/harness"
)

// Caps of the warnings that are shown.
const (
	maxWarnings = 50 // of one result
	maxBeside   = 6  // beside one number
)

// topic is what a warning weakens.
type topic int

// The topics. A warning without a recognised topic weakens the whole result.
const (
	everything topic = iota
	aboutCounts
	aboutLatency
	aboutRates
	aboutCosts // no warning is about this one and those that follow
	aboutFaults
	aboutCharges
	aboutLimits
	aboutStatistics
)

// The words by which a warning is put beside its numbers, in lower case. The
// first topic with a word in the warning takes it.
var topicWords = []struct {
	topic topic
	words []string
}{
	{aboutCounts, []string{"witness", "ledger", "settle", "customer", "quota", "charged", "counted"}},
	{aboutLatency, []string{"latency", "lag", "late", "p50", "p90", "p99", "percentile", "quantile"}},
	{aboutRates, []string{"rate", "req/s", "requests/s", "throughput", "sustain", "stair", "scal", "cpu", "core", "steal", "stole", "pressure", "throttl", "generator", "bottleneck", "limit"}},
}

func topicOf(warning string) topic {
	lower := strings.ToLower(warning)
	for _, t := range topicWords {
		for _, w := range t.words {
			if strings.Contains(lower, w) {
				return t.topic
			}
		}
	}
	return everything
}

// warnings returns the warnings of a topic, clipped and capped; the last one
// says how many were left out.
func warnings(r *harness.Result, about topic) []string {
	kept, omitted := first(r.Warnings, maxWarnings)
	var list []string
	for _, w := range kept {
		if topicOf(w) == about {
			list = append(list, sentence(w))
		}
	}
	list, more := first(list, maxBeside)
	if about == everything {
		more += omitted
	}
	if more > 0 {
		list = append(slices.Clone(list), andMore(more)+", listed in result.json")
	}
	return list
}

// elsewhere says how many warnings stand beside which numbers further down, so
// that headline figures are not read without them. Empty if there are none.
func elsewhere(r *harness.Result) string {
	var parts []string
	total := 0
	for _, t := range []struct {
		about topic
		name  string
	}{{aboutRates, "rates"}, {aboutCounts, "counts"}, {aboutLatency, "response times"}} {
		if n := len(warnings(r, t.about)); n > 0 {
			total += n
			parts = append(parts, t.name)
		}
	}
	if total == 0 {
		return ""
	}
	return plural(total, "warning") + " below about " + strings.Join(parts, " and ")
}
