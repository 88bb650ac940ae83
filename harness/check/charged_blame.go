package check

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/haproof/haproof/harness"
)

// reach is how far from a fault an answer may have ended to be blamed on it before
// others are.
const reach = time.Second

// namedAttempts is how many attempts a finding names.
const namedAttempts = 3

// suspect is an answer that may be one of those that a customer lost or was charged
// twice for.
type suspect struct {
	seq      uint64
	stopping string // the proxy of the stopping process that gave it; empty for another process
	done     time.Duration
	fault    *harness.Disturbance // the nearest; nil if there was none
	distance time.Duration        // from it, 0 while it lasted
}

// class is 0 for what a stopping process answered, 1 for what ended within reach of a
// fault and 2 for all else.
func (s suspect) class() int {
	switch {
	case s.stopping != "":
		return 0
	case s.distance <= reach:
		return 1
	}
	return 2
}

// explain names likely answers for each customer who was wronged: in the charge, and
// in the findings.
func (c *chargedTrial) explain(charge *harness.Charge, wrongs []wrong) {
	suspects := suspectsOf(c.rec, wrongs)
	for _, w := range wrongs {
		list := blame(w, suspects[w.key])
		c.findings.add(w.key, "%s", c.describe(charge.Tracker, w, list))
		room := harness.MaxFindings - len(charge.Explained)
		charge.Explained = append(charge.Explained, list[:min(room, len(list))]...)
		charge.Omitted += max(0, len(list)-room)
	}
}

// suspectsOf gathers by customer the dynamic answers that came from a stopping
// process, or that a fault can have cost.
func suspectsOf(rec *harness.Record, wrongs []wrong) map[string][]suspect {
	if len(wrongs) == 0 {
		return nil
	}
	wanted := make(map[string]bool, len(wrongs))
	for _, w := range wrongs {
		wanted[w.key] = true
	}
	stopping := make(map[uint64]string, len(rec.Stopping))
	for _, s := range rec.Stopping {
		stopping[s.Seq] = s.Node
	}
	faults := costly(rec.Disturbances)
	suspects := map[string][]suspect{}
	for i := range rec.Attempts {
		a := &rec.Attempts[i]
		if !wanted[a.Key] || !answered(a) && !mayBeCharged(rec, a) {
			continue
		}
		s := suspect{seq: a.Seq, done: a.Done, stopping: stopping[a.Seq]}
		s.fault, s.distance = faults.nearest(s)
		if s.fault != nil || s.stopping != "" {
			suspects[a.Key] = append(suspects[a.Key], s)
		}
	}
	return suspects
}

// timeline are faults by their beginning. A soak has thousands.
type timeline struct {
	faults []*harness.Disturbance
	ends   []time.Duration // ends[i] is the latest end of faults[:i+1]
}

// costly are the faults that can cost a count: those of proxies and trackers.
func costly(disturbances []harness.Disturbance) timeline {
	var t timeline
	for i := range disturbances {
		d := &disturbances[i]
		if played(*d) && d.Fault.Tier() != harness.TierBackend {
			t.faults = append(t.faults, d)
		}
	}
	slices.SortStableFunc(t.faults, func(a, b *harness.Disturbance) int { return cmp.Compare(a.Began, b.Began) })
	for i, d := range t.faults {
		end := max(d.Began, d.Ended)
		if i > 0 {
			end = max(end, t.ends[i-1])
		}
		t.ends = append(t.ends, end)
	}
	return t
}

// nearest returns the fault that an answer ended nearest to: of what a stopping
// process answered the last of its proxy, else any. Of equals it is the later.
func (t timeline) nearest(s suspect) (found *harness.Disturbance, distance time.Duration) {
	next, _ := slices.BinarySearchFunc(t.faults, s.done, func(d *harness.Disturbance, at time.Duration) int {
		if d.Began <= at {
			return -1
		}
		return 1
	})
	if s.stopping == "" && next < len(t.faults) {
		found, distance = t.faults[next], t.faults[next].Began-s.done
	}
	for i := next - 1; i >= 0 && (found == nil || t.ends[i] > s.done-distance); i-- {
		d := t.faults[i]
		away := max(s.done-max(d.Began, d.Ended), 0)
		switch {
		case s.stopping != "" && d.Fault.Node == s.stopping:
			return d, away
		case s.stopping == "" && (found == nil || away < distance):
			found, distance = d, away
		}
	}
	return found, distance
}

// blame chooses as many suspects as the customer has lost, or was charged for too
// often, what was set aside: those of stopping processes first, then the nearest to a fault. Only
// where stopping processes gave exactly as many it is certain.
func blame(w wrong, suspects []suspect) []harness.Explained {
	slices.SortStableFunc(suspects, func(a, b suspect) int {
		return cmp.Or(cmp.Compare(a.class(), b.class()), cmp.Compare(a.distance, b.distance), cmp.Compare(a.done, b.done), cmp.Compare(a.seq, b.seq))
	})
	var sizes [3]uint64
	for _, s := range suspects {
		sizes[s.class()]++
	}
	var list []harness.Explained
	for _, s := range suspects[:min(w.unclear(), uint64(len(suspects)))] {
		of := sizes[s.class()]
		list = append(list, harness.Explained{
			Customer: w.key, Seq: s.seq, Doubled: w.extra() > 0, Cause: s.cause(),
			Of: of, Certain: s.class() == 0 && of == w.unclear(),
		})
	}
	return list
}

// cause says what came over an answer.
func (s suspect) cause() string {
	who := "answered"
	if s.stopping != "" {
		who = "answered by the stopping worker"
	}
	switch {
	case s.fault == nil:
		return who + " of " + s.stopping
	case s.done < s.fault.Began:
		return fmt.Sprintf("%s %v before the %s of %s", who, shortly(s.fault.Began-s.done), s.fault.Fault.Do, s.fault.Fault.Node)
	}
	return fmt.Sprintf("%s %v after the %s of %s", who, shortly(s.done-s.fault.Began), s.fault.Fault.Do, s.fault.Fault.Node)
}

// shortly rounds a time for reading.
func shortly(d time.Duration) time.Duration {
	for _, unit := range []time.Duration{time.Second, time.Millisecond, time.Microsecond} {
		if d >= 10*unit {
			return d.Round(unit)
		}
		if d >= unit {
			return d.Round(unit / 10)
		}
	}
	return d
}

// describe says of one customer what the tracker has wrong, and names attempts.
func (c *chargedTrial) describe(tracker string, w wrong, list []harness.Explained) string {
	text := fmt.Sprintf("%s counts %s of %s", tracker, num(w.counted), interval(w.truth))
	if w.set > 0 {
		text += fmt.Sprintf(" and %s that were set", num(w.set))
	}
	switch {
	case w.lost > 0:
		text += fmt.Sprintf(", %s lost", num(w.lost))
	case w.extra() > 0:
		text += fmt.Sprintf(", %s too many", num(w.extra()))
	default:
		return text
	}
	if len(list) == 0 {
		return text + "; no answer of a stopping process and no fault explains it"
	}
	var names []string
	for _, e := range list[:min(namedAttempts, len(list))] {
		name := id(e.Seq) + " of " + e.Customer + ", " + e.Cause
		if !e.Certain {
			name = "likely " + name
		}
		if e.Of > w.unclear() {
			name += fmt.Sprintf(" (one of %s)", num(e.Of))
		}
		names = append(names, name)
	}
	text += ": " + strings.Join(names, "; ")
	if more := len(list) - len(names); more > 0 {
		text += fmt.Sprintf("; and %s more", num(uint64(more)))
	}
	if short := w.unclear() - uint64(len(list)); short > 0 {
		text += fmt.Sprintf("; %s not explained", num(short))
	}
	return text
}
