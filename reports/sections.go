package reports

import "github.com/haproof/haproof/harness"

// section is a table with what it is about.
type section struct {
	about topic
	table
}

// sections are the tables of a result in their order, each with the warnings
// that weaken it. Warnings about a table that is not there are shown with the
// first one that is.
func sections(r *harness.Result) []section {
	var all []section
	for _, t := range costTables(r) {
		all = append(all, section{aboutCosts, t})
	}
	all = append(all, section{aboutCharges, chargeTable(r)},
		section{aboutFaults, faultTable(r)}, section{aboutFaults, phaseTable(r)}, section{aboutFaults, outageTable(r)},
		section{aboutRates, rateTable(r)}, section{aboutLimits, limitTable(r)}, section{aboutStatistics, ledgerTable(r)},
		section{aboutCounts, witnessTable(r)}, section{aboutLatency, latencyTable(r)})
	for _, t := range statisticsTables(r) {
		all = append(all, section{aboutStatistics, t})
	}
	var list []section
	var stray []string
	for _, s := range all {
		weak := warnings(r, s.about)
		if len(s.Rows) == 0 {
			stray = append(stray, weak...)
			continue
		}
		s.Warnings = weak
		list = append(list, s)
	}
	if len(list) > 0 {
		list[0].Warnings = append(list[0].Warnings, stray...)
	}
	return list
}
