package harness

import (
	"fmt"
	"slices"
)

// unusable says why a trial cannot be compared, empty where it can.
func unusable(driver string, trial int, rec *Record) string {
	why := ""
	switch {
	case rec == nil:
		why = "was not played"
	case rec.Interrupted:
		why = "was interrupted"
	case rec.Error != "":
		why = "could not be finished: " + rec.Error
	case len(rec.Attempts) == 0:
		why = "made no attempt"
	case rec.Driver != "" && rec.Driver != driver:
		why = "was driven by " + rec.Driver
	default:
		own := OwnFaults(rec)
		i := slices.IndexFunc(rec.Attempts, func(a Attempt) bool { return own(&a) })
		if i < 0 {
			return ""
		}
		why = fmt.Sprintf("lost attempt %d (%s) by the fault of the client or the host", rec.Attempts[i].Seq, rec.Attempts[i].Cause)
	}
	return fmt.Sprintf("%s, trial %d: it %s", driver, trial, why)
}

// differ notes a difference, MaxFindings at most.
func (a *Agreement) differ(trial int, subject, text string) {
	if len(a.Different) >= MaxFindings {
		a.Omitted++
		return
	}
	a.Different = append(a.Different, Difference{trial, subject, text})
}

// attempts compares the attempts of a trial: both drivers must have made the same, at
// the same intended times and with the same ends. Both lists are sorted by id.
func (a *Agreement) attempts(trial int, one, other *Record) {
	mine, theirs := bySeq(one.Attempts), bySeq(other.Attempts)
	for len(mine) > 0 || len(theirs) > 0 {
		switch {
		case len(theirs) == 0, len(mine) > 0 && mine[0].Seq < theirs[0].Seq:
			a.differ(trial, fmt.Sprintf("attempt %d", mine[0].Seq), "made by "+a.Driver+" alone")
			mine = mine[1:]
			continue
		case len(mine) == 0, theirs[0].Seq < mine[0].Seq:
			a.differ(trial, fmt.Sprintf("attempt %d", theirs[0].Seq), "made by "+a.Against+" alone")
			theirs = theirs[1:]
			continue
		}
		a.Attempts++
		if m, t := essence(mine[0]), essence(theirs[0]); m != t {
			a.differ(trial, fmt.Sprintf("attempt %d", m.Seq), fmt.Sprintf("%s %s, %s %s", a.Driver, attemptWords(m), a.Against, attemptWords(t)))
		}
		mine, theirs = mine[1:], theirs[1:]
	}
}

func bySeq(attempts []Attempt) []Attempt {
	return slices.SortedFunc(slices.Values(attempts), func(a, b Attempt) int {
		switch {
		case a.Seq < b.Seq:
			return -1
		case a.Seq > b.Seq:
			return 1
		}
		return 0
	})
}

// essence is what of an attempt the seed decides: all but what was measured.
func essence(a Attempt) Attempt {
	a.Sent, a.Done, a.Queued = 0, 0, 0
	return a
}

func attemptWords(a Attempt) string {
	words := fmt.Sprintf("due at %v, key %q, status %d, %d bytes, TLS %v, dynamic %v", a.Intended, a.Key, a.Status, a.Bytes, a.TLS, a.Dynamic)
	if a.Cause != "" {
		words += ", " + string(a.Cause)
	}
	return words
}

// charges compares what every witness counted of every customer.
func (a *Agreement) charges(trial int, one, other *Record) {
	witnesses := map[string]bool{}
	for _, rec := range []*Record{one, other} {
		for witness := range rec.Ledgers {
			witnesses[witness] = true
		}
	}
	for _, witness := range sortedKeys(witnesses) {
		mine, testified := one.Ledgers[witness]
		theirs, also := other.Ledgers[witness]
		if !testified || !also {
			a.Unpaired = append(a.Unpaired, fmt.Sprintf("trial %d: witness %s did not testify for both drivers", trial, witness))
			continue
		}
		customers := map[string]bool{}
		for _, ledger := range []Ledger{mine, theirs} {
			for customer := range ledger {
				customers[customer] = true
			}
		}
		for _, customer := range sortedKeys(customers) {
			a.Charges++
			if m, t := mine[customer], theirs[customer]; m != t {
				a.differ(trial, "customer "+customer, fmt.Sprintf("%s: %s %s, %s %s", witness, a.Driver, tallied(m), a.Against, tallied(t)))
			}
		}
	}
}

func tallied(t Tally) string {
	if t.Unsure == 0 {
		return fmt.Sprint(t.Sure)
	}
	return fmt.Sprintf("%d to %d", t.Sure, t.Sure+t.Unsure)
}
