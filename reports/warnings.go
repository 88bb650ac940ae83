package reports

import (
	"strings"

	"github.com/haproof/haproof/harness"
)

// maxWarnings bounds the warnings of one result that are shown.
const maxWarnings = 20

// topic is what a warning weakens.
type topic int

// The topics. A warning without a recognised topic weakens the whole result.
const (
	everything topic = iota
	aboutCounts
	aboutLatency
	aboutRates
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

// warnings returns the warnings of a topic, clipped and capped, and how many
// were left out.
func warnings(r *harness.Result, about topic) []string {
	kept, omitted := first(r.Warnings, maxWarnings)
	var list []string
	for _, w := range kept {
		if topicOf(w) == about {
			list = append(list, sentence(w))
		}
	}
	if omitted > 0 && about == everything {
		list = append(list, andMore(omitted)+" warnings in result.json")
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
