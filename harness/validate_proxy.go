package harness

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
)

// What a table may be. HAProxy bounds neither its size nor its keys; a tracker bounds
// keys.
const (
	mostEntries = 10_000_000
	mostLength  = 1024
	leastExpiry = 10 * time.Millisecond
)

// proxyRules hold for a tier that says how proxies count.
func proxyRules(tier string, t Tier) []rule {
	path := "topology." + tier
	if tier != TierProxy {
		return slices.Concat(proxysOnly(path+".keys", t.Keys != ""), proxysOnly(path+".table", t.Table != nil), proxysOnly(path+".retry", t.Retry))
	}
	if t.Table == nil {
		return nil
	}
	table := func(sc *Scenario) Table { return *sc.Topology[tier].Table }
	path += ".table"
	return []rule{
		within(path+".size", func(sc *Scenario) float64 { return float64(table(sc).Size) }, 0, mostEntries),
		within(path+".length", func(sc *Scenario) float64 { return float64(table(sc).Length) }, 0, mostLength),
		{[]string{path + ".expire"}, func(sc *Scenario) (string, string) {
			if e := table(sc).Expire; e != 0 && (e < leastExpiry || e > 24*time.Hour) {
				return fmt.Sprintf("%s.expire is %v, want %v to %v", path, e, leastExpiry, 24*time.Hour), "leave it out for entries that never expire"
			}
			return "", ""
		}},
		{[]string{path + ".store"}, func(sc *Scenario) (string, string) { return stored(table(sc).Store) }},
		{[]string{path + ".clearlocal", path, "topology"}, func(sc *Scenario) (string, string) {
			if _, ok := sc.Topology[TierTracker]; table(sc).ClearLocal && !ok {
				return "without a tracker there is no line of a local peer", "add a tier " + TierTracker
			}
			return "", ""
		}},
		{[]string{path + ".peered", path, "topology"}, func(sc *Scenario) (string, string) {
			_, ok := sc.Topology[TierTracker]
			switch {
			case !table(sc).Peered:
			case !ok:
				return "proxies are peers in the section that they share with a tracker", "add a tier " + TierTracker
			case sc.Topology[tier].Count < 2:
				return "a proxy alone has no other to be a peer of", "set topology." + tier + ".count to 2"
			}
			return "", ""
		}},
	}
}

// proxysOnly refuses a setting of proxies to another tier, where it is given.
func proxysOnly(path string, given bool) []rule {
	return []rule{{[]string{path}, func(*Scenario) (string, string) {
		if given {
			return path + " is a setting of proxies", "give it to the tier " + TierProxy
		}
		return "", ""
	}}}
}

// storable are the data types that a table may store beside gpc0: src/stick_table.c of
// HAProxy 2.6, without arrays. Rates need a period.
var storable = []string{
	"bytes_in_cnt", "bytes_in_rate", "bytes_out_cnt", "bytes_out_rate", "conn_cnt", "conn_cur", "conn_rate", "gpc0_rate", "gpc1",
	"gpc1_rate", "gpt0", "http_err_cnt", "http_err_rate", "http_fail_cnt", "http_fail_rate", "http_req_cnt", "http_req_rate",
	"server_id", "sess_cnt", "sess_rate",
}

var dataType = regexp.MustCompile(`^([a-z0-9_]+)(\([0-9]+(us|ms|s|m|h|d)?\))?$`)

// stored says what is wrong with a list of data types.
func stored(list string) (text, suggestion string) {
	if list == "" {
		return "", ""
	}
	seen := map[string]bool{"gpc0": true}
	for name := range strings.SplitSeq(list, ",") {
		parts := dataType.FindStringSubmatch(name)
		switch {
		case parts == nil:
			return fmt.Sprintf("%q is no data type", name), "write such as conn_cur,http_req_rate(10s)"
		case seen[parts[1]]:
			return fmt.Sprintf("the table stores %s already", parts[1]), ""
		case !slices.Contains(storable, parts[1]):
			return fmt.Sprintf("unknown data type %q", parts[1]), Suggest(parts[1], storable)
		case strings.HasSuffix(parts[1], "_rate") != (parts[2] != ""):
			return fmt.Sprintf("%q: rates have a period, others have none", name), "write such as conn_cur,http_req_rate(10s)"
		}
		seen[parts[1]] = true
	}
	return "", ""
}

// prefixed is what may stand before the names of customers: with them it is one label of
// a host name, of 63 bytes at most.
var prefixed = regexp.MustCompile(`^([a-z0-9][a-z0-9-]{0,57})?$`)

var prefixRule = rule{[]string{"workload.prefix"}, func(sc *Scenario) (string, string) {
	if !prefixed.MatchString(sc.Workload.Prefix) {
		return fmt.Sprintf("workload.prefix %q cannot begin the name of a host", sc.Workload.Prefix),
			"use small letters, digits and hyphens, 58 at most, such as shop-"
	}
	return "", ""
}}
