package check

import (
	"maps"
	"strings"

	"github.com/haproof/haproof/harness"
)

// testimony is what one witness says, as far as faults have left it its memory.
type testimony struct {
	name   string
	ledger harness.Ledger
	forgot string // why it may say too little; empty if it may not
}

// testimonies puts right what is known of the witnesses: an origin sees an attempt
// again that HAProxy tried again, and a table lacks what its process logged for the
// tracker while it was stopping.
func testimonies(rec *harness.Record, present []string) []testimony {
	var all []testimony
	for _, name := range present {
		w := testimony{name: name, ledger: rec.Ledgers[name]}
		switch name {
		case harness.WitnessOrigin:
			w.ledger = less(w.ledger, triedAgain(rec))
			if ended(rec, harness.TierBackend) {
				w.forgot = "a web node was ended"
			}
		case harness.WitnessProxyLog:
			w.forgot = logLacks(rec)
		case harness.WitnessStickTable:
			w.ledger = rec.Counted()
			switch {
			case emptied(rec):
				w.forgot = "a proxy lost its table"
			case hit(rec, harness.TierProxy, stops) && stoppingUnknown(rec) != nil:
				w.forgot = "nobody knows what a stopping process logged for the tracker"
			}
		}
		all = append(all, w)
	}
	return all
}

// stops says whether a fault makes a process stop and another take its place.
func stops(f harness.Fault) bool { return f.Do == harness.FaultReload || f.Do == harness.FaultRename }

// emptied says whether the table of a proxy was cleared or ended with its process.
func emptied(rec *harness.Record) bool {
	return hit(rec, harness.TierProxy, func(f harness.Fault) bool {
		return f.Do == harness.FaultClear || f.Do == harness.FaultKill || f.Do == harness.FaultRestart
	})
}

// triedAgain counts by customer how often an attempt arrived that had arrived before,
// where HAProxy may try again what a web node did not answer well.
func triedAgain(rec *harness.Record) map[string]uint64 {
	if !rec.Cell.Scenario.Topology[harness.TierProxy].Retry || rec.Receipts == nil {
		return nil
	}
	again := map[string]uint64{}
	for i := range rec.Attempts {
		a := &rec.Attempts[i]
		if times := rec.Receipts.Repeats[a.Seq]; times > 1 && a.Dynamic {
			again[a.Key] += times - 1
		}
	}
	return again
}

// less takes sure charges that may be none out of a ledger.
func less(ledger harness.Ledger, counts map[string]uint64) harness.Ledger {
	ledger = maps.Clone(ledger)
	for key, n := range counts {
		t := ledger[key]
		n = min(n, t.Sure)
		ledger[key] = harness.Tally{Sure: t.Sure - n, Unsure: t.Unsure + n}
	}
	return ledger
}

// lacking returns the witnesses that say too little of some customer, which they may.
func lacking(client harness.Ledger, says []testimony) []testimony {
	var list []testimony
	for _, w := range says {
		for key, t := range client {
			if said := w.ledger[key]; w.forgot != "" && said.Sure+said.Unsure < t.Sure {
				list = append(list, w)
				break
			}
		}
	}
	return list
}

// excuses says whom a fault made forget something.
func excuses(forgetful []testimony) string {
	var list []string
	for _, w := range forgetful {
		list = append(list, w.name+" "+tally(w.ledger.Total())+", as "+w.forgot)
	}
	if len(list) == 0 {
		return ""
	}
	return "; too few are no fault of " + strings.Join(list, ", and of ")
}
