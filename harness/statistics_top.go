package harness

import (
	"cmp"
	"slices"
)

const (
	topHosts = 20
	// topAttempts is how many attempts a host must have for its p99 to say anything.
	topAttempts = 100
)

// Top returns the statistics with the hosts that a report needs: the busiest, and the
// slowest of those with enough attempts, twenty of each. The busiest come first.
func (s *Statistics) Top() *Statistics {
	if s == nil {
		return nil
	}
	top := *s
	busy := func(a, b StatisticsRow) int {
		return cmp.Or(cmp.Compare(b.Attempts, a.Attempts), cmp.Compare(a.Name, b.Name))
	}
	all := slices.SortedFunc(slices.Values(s.Hosts), busy)
	top.Hosts = slices.Clone(all[:min(len(all), topHosts)])
	rest := slices.Clone(all[len(top.Hosts):])
	for _, row := range slowest(all) {
		if slices.Contains(rest, row) {
			top.Hosts = append(top.Hosts, row)
		}
	}
	slices.SortFunc(top.Hosts, busy)
	top.MoreHosts += len(all) - len(top.Hosts)
	return &top
}

// slowest returns those hosts whose p99 is the longest.
func slowest(rows []StatisticsRow) []StatisticsRow {
	rows = slices.DeleteFunc(slices.Clone(rows), func(r StatisticsRow) bool { return r.Attempts < topAttempts })
	slices.SortFunc(rows, func(a, b StatisticsRow) int {
		return cmp.Or(cmp.Compare(b.P99, a.P99), cmp.Compare(a.Name, b.Name))
	})
	return rows[:min(len(rows), topHosts)]
}
