package check

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/haproof/haproof/harness"
)

// amountsOf returns what the words of an expectation stand for in a trial.
func amountsOf(rec *harness.Record, t truth) amount {
	return func(of term) (uint64, error) {
		switch of.word {
		case termStopping:
			return uint64(len(rec.Stopping)), stoppingUnknown(rec)
		case termNear:
			return nearFaults(rec, of.near), nil
		case termSet:
			return setOfAll(setByFaults(rec)), nil
		case termAfter:
			return sinceFaults(rec), nil
		case termAll:
			return t.ledger.Total().Sure, nil
		}
		return 0, fmt.Errorf("nothing is known of %q", of.word)
	}
}

// stoppingUnknown says why the answers of stopping processes are not known; nil
// if they are.
func stoppingUnknown(rec *harness.Record) error {
	_, testified := rec.Ledgers[harness.WitnessProxyLog]
	switch why := rec.Absent[harness.AbsentStopping]; {
	case why != "":
		return fmt.Errorf("what stopping processes answered is not known: %s", why)
	case !testified:
		return fmt.Errorf("what stopping processes answered is not known: no testimony of the proxies' log (%s)", whyAbsent(rec, harness.WitnessProxyLog))
	case len(rec.Stopping) >= harness.MaxStopping:
		return fmt.Errorf("stopping processes gave %s answers or more, which are not all in the record", num(harness.MaxStopping))
	case logLacks(rec) != "":
		return errors.New("what stopping processes answered is not known: " + logLacks(rec))
	}
	return nil
}

// setByFaults adds up by customer what faults have added to counters.
func setByFaults(rec *harness.Record) map[string]uint64 {
	set := map[string]uint64{}
	for _, d := range rec.Disturbances {
		for key, n := range d.Amounts {
			set[key] += n
		}
	}
	return set
}

// setOfAll adds up what was set over all customers.
func setOfAll(set map[string]uint64) uint64 {
	var total uint64
	for _, n := range set {
		total += n
	}
	return total
}

// nearFaults counts the dynamic answers that ended while a fault lasted or at most
// so long before or after it, those that the client did not see included.
func nearFaults(rec *harness.Record, within time.Duration) uint64 {
	windows := windowsAround(rec.Disturbances, within)
	var n uint64
	for i := range rec.Attempts {
		a := &rec.Attempts[i]
		if inWindow(windows, a.Done) && (answered(a) || mayBeCharged(rec, a)) {
			n++
		}
	}
	return n
}

// sinceFaults counts the dynamic answers that ended since the first fault began,
// those that the client did not see included.
func sinceFaults(rec *harness.Record) uint64 {
	windows := windowsAround(rec.Disturbances, 0)
	if len(windows) == 0 {
		return 0
	}
	var n uint64
	for i := range rec.Attempts {
		a := &rec.Attempts[i]
		if a.Done >= windows[0].from && (answered(a) || mayBeCharged(rec, a)) {
			n++
		}
	}
	return n
}

// window is a stretch of time, both ends included.
type window struct{ from, to time.Duration }

// windowsAround returns the times near to a fault, ascending and disjoint.
func windowsAround(disturbances []harness.Disturbance, within time.Duration) []window {
	var all []window
	for _, d := range disturbances {
		if played(d) {
			all = append(all, window{d.Began - within, max(d.Began, d.Ended) + within})
		}
	}
	slices.SortFunc(all, func(a, b window) int { return cmp.Compare(a.from, b.from) })
	var merged []window
	for _, w := range all {
		if n := len(merged); n > 0 && w.from <= merged[n-1].to {
			merged[n-1].to = max(merged[n-1].to, w.to)
			continue
		}
		merged = append(merged, w)
	}
	return merged
}

// inWindow says whether a time is in one of the windows, which are ascending and
// disjoint.
func inWindow(windows []window, at time.Duration) bool {
	_, found := slices.BinarySearchFunc(windows, at, func(w window, at time.Duration) int {
		switch {
		case w.to < at:
			return -1
		case w.from > at:
			return 1
		}
		return 0
	})
	return found
}
