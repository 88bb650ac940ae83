package main

import (
	"fmt"
	"strings"

	"github.com/haproof/haproof/harness"
	"github.com/haproof/haproof/harness/check"
)

// objectives makes checks of objectives such as 'p99<20ms,errors<0.1%,rate>4900/s'.
// Without any, no error is good.
func objectives(slo string) ([]harness.CheckSpec, error) {
	fit := harness.CheckSpec{Name: "generator-fit", Options: map[string]string{"advisory": "true"}}
	if slo == "" {
		return []harness.CheckSpec{{Name: "no-errors"}, fit}, nil
	}
	options := map[string]string{}
	for part := range strings.SplitSeq(slo, ",") {
		at := strings.IndexAny(part, "<>")
		if at < 0 {
			return nil, fmt.Errorf("--slo: %q is no objective such as p99<20ms", part)
		}
		name := strings.Join(strings.Fields(strings.ReplaceAll(part[:at], "-", " ")), "-") // "lag p99" too
		if name == "service" || name == "ttfb" || name == "lag" {
			name += "-p99" // what these are usually asked for
		}
		if _, twice := options[name]; twice {
			return nil, fmt.Errorf("--slo: %q is there twice", name)
		}
		options[name] = strings.TrimSpace(part[at:])
	}
	specs := []harness.CheckSpec{{Name: "slo", Options: options}, fit}
	if _, err := check.All(specs); err != nil {
		return nil, fmt.Errorf("--slo: %w", err)
	}
	return specs, nil
}
