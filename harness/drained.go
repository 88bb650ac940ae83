package harness

import "maps"

// Drained counts by customer the answers that stopping processes logged for the
// tracker instead of counting them in their table.
func (rec *Record) Drained() map[string]uint64 {
	if len(rec.Stopping) == 0 {
		return nil
	}
	logged := map[uint64]bool{}
	for _, s := range rec.Stopping {
		logged[s.Seq] = s.Drained
	}
	counts := map[string]uint64{}
	for i := range rec.Attempts {
		if a := &rec.Attempts[i]; logged[a.Seq] {
			counts[a.Key]++
		}
	}
	return counts
}

// Counted is what the proxies counted, in their tables and, while they were
// stopping, in their logs.
func (rec *Record) Counted() Ledger {
	table := rec.Ledgers[WitnessStickTable]
	drained := rec.Drained()
	if len(drained) == 0 {
		return table
	}
	all := Ledger{}
	maps.Copy(all, table)
	for key, n := range drained {
		t := all[key]
		all[key] = Tally{Sure: t.Sure + n, Unsure: t.Unsure}
	}
	return all
}
