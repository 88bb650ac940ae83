package containers

import (
	"fmt"
	"strings"
	"time"

	"github.com/haproof/haproof/harness"
)

// planTable is the table in which the tracker denies customers, as HAProxy
// declares it in its peers section, and planLength the length of its keys.
const (
	planTable  = "plan"
	planLength = 64
)

// ample is a limit that no trial reaches: a customer who has it must never be
// denied, but would be if plans were mixed up.
const ample = 1_000_000_000_000

// repeatsPerExpire is how often the tracker repeats denials while one lasts, so
// that two repetitions may come late.
const repeatsPerExpire = 3

// limitsYAML is the part of the tracker's configuration that says who has which limit.
func limitsYAML(l harness.Limits, prefix string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "limits:\n  table: %s\n  length: %d\n  refresh: %v\n", planTable, planLength, (l.Expire / repeatsPerExpire).Truncate(time.Millisecond))
	fmt.Fprintf(&b, "  plans:\n    limited: {total: %d, deny: true}\n    ample: {total: %d, deny: true}\n", l.Total, uint64(ample))
	fmt.Fprintf(&b, "  default: ample\n  customers:\n")
	for _, key := range customers(harness.Workload{Customers: l.Customers, Prefix: prefix}) {
		fmt.Fprintf(&b, "    %s: limited\n", key)
	}
	return b.String()
}
