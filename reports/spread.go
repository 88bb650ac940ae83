package reports

import (
	"cmp"
	"maps"
	"slices"

	"github.com/haproof/haproof/harness"
)

// spread compares what the witnesses of one trial said of each customer.
type spread struct {
	Witnesses []string // that testified, the client first
	Customers []customer
	Differing int    // customers on which some witness contradicts the client
	Gap       uint64 // sum of all gaps
}

// customer is one customer with one tally and one gap per witness, in the
// order of spread.Witnesses.
type customer struct {
	Key     string
	Tallies []harness.Tally
	Gaps    []int64 // what the witness counted too many (+) or too few (−)
}

// client is what the client says of the customer.
func (c customer) client() harness.Tally { return c.Tallies[0] }

// off is how far the witnesses are from the client altogether.
func (c customer) off() uint64 {
	var sum uint64
	for _, gap := range c.Gaps {
		sum += uint64(max(gap, -gap))
	}
	return sum
}

// spreadOf compares the witnesses of a trial. Without a client there is
// nothing to compare with, and the spread has no witnesses.
func spreadOf(t *harness.TrialResult) spread {
	s := spread{Witnesses: testified(t)}
	if len(s.Witnesses) == 0 {
		return s
	}
	for _, key := range slices.Sorted(maps.Keys(t.Customers)) {
		c := customer{Key: key}
		for _, w := range s.Witnesses {
			c.Tallies = append(c.Tallies, t.Customers[key][w])
			c.Gaps = append(c.Gaps, gap(c.client(), t.Customers[key][w]))
		}
		if off := c.off(); off > 0 {
			s.Differing++
			s.Gap += off
		}
		s.Customers = append(s.Customers, c)
	}
	slices.SortStableFunc(s.Customers, func(a, b customer) int {
		return cmp.Compare(b.client().Sure, a.client().Sure)
	})
	return s
}

// testified lists the witnesses of a trial in the order in which an answer
// passes them, the client first; none without the client.
func testified(t *harness.TrialResult) []string {
	if _, ok := t.Counts[harness.WitnessClient]; !ok {
		return nil
	}
	order := []string{harness.WitnessClient, harness.WitnessOrigin, harness.WitnessProxyLog, harness.WitnessStickTable, harness.WitnessTracker}
	var names []string
	for _, w := range order {
		if _, ok := t.Counts[w]; ok {
			names = append(names, w)
		}
	}
	for _, w := range slices.Sorted(maps.Keys(t.Counts)) {
		if !slices.Contains(order, w) {
			names = append(names, w)
		}
	}
	names, _ = first(names, maxWitnesses)
	return names
}

// maxWitnesses bounds the witnesses of one trial that are shown.
const maxWitnesses = 8

// gap is how far a witness lies outside of what the client allows: 0 where
// [Sure, Sure+Unsure] of both meet.
func gap(client, witness harness.Tally) int64 {
	switch {
	case witness.Sure+witness.Unsure < client.Sure:
		return -int64(client.Sure - witness.Sure - witness.Unsure)
	case witness.Sure > client.Sure+client.Unsure:
		return int64(witness.Sure - client.Sure - client.Unsure)
	}
	return 0
}

// label is what a reader calls a witness.
func label(witness string) string {
	switch witness {
	case harness.WitnessStickTable:
		return "stick table"
	case harness.WitnessProxyLog:
		return "proxy log"
	}
	return word(witness)
}

// labels names several witnesses.
func labels(witnesses []string) []string {
	list := make([]string, len(witnesses))
	for i, w := range witnesses {
		list[i] = label(w)
	}
	return list
}

// tally writes a count with its uncertainty: 1,204 or 1,204 to 1,210.
func tally(t harness.Tally) string {
	if t.Unsure == 0 {
		return count(t.Sure)
	}
	return count(t.Sure) + " to " + count(t.Sure+t.Unsure)
}

// signed writes a gap: 0, +3 or −2.
func signed(gap int64) string {
	if gap > 0 {
		return "+" + count(gap)
	}
	return count(gap)
}
