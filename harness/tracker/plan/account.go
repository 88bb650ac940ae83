package plan

import "math"

// account is what one customer uses.
type account struct {
	customer string
	rules    *rules
	usage    [periods]pair

	settled bool // what was used before is known: thresholds are looked at
	denied  bool
	told    bool // denied, as Changes said last
	changed bool // is in Meter.changed
}

// pair are the tallies of the two newest periods of a kind that were used: late
// growth belongs to the earlier one.
type pair [2]tally

// tally is what was used in one period.
type tally struct {
	start  int64 // Unix seconds
	used   uint64
	passed uint8 // how many thresholds of the limit have been reached
}

// at returns the tally of the period that began at start, a new one if need be, or
// nil if the period is older than both that are kept. Periods after the current one
// are there if the clock was ahead for a while: they give way.
func (p *pair) at(start, current int64) *tally {
	newer, older := &p[0], &p[1]
	switch {
	case start == newer.start:
		return newer
	case start == older.start:
		return older
	case start > newer.start:
		*older, *newer = *newer, tally{start: start}
		return newer
	case start > older.start:
		*older = tally{start: start}
		return older
	case newer.start > current:
		*newer, *older = *older, tally{start: start}
		return older
	}
	return nil
}

// add stays at the largest number rather than to begin again at zero.
func (t *tally) add(n uint64) {
	if t.used += n; t.used < n {
		t.used = math.MaxUint64
	}
}

// in returns what was used in the period that began at start.
func (p *pair) in(start int64) uint64 {
	for _, t := range p {
		if t.start == start {
			return t.used
		}
	}
	return 0
}

// atLimit says whether the account is at a limit in a period that is accepted.
func (a *account) atLimit(accept func(i int, start int64) bool) bool {
	for i := range a.usage {
		last := len(a.rules.limits[i].thresholds)
		for _, t := range a.usage[i] {
			if last > 0 && int(t.passed) == last && accept(i, t.start) {
				return true
			}
		}
	}
	return false
}
