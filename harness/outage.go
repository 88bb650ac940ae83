package harness

import (
	"math"
	"slices"
)

// Outage compares the response times during and after a fault of a tracker with a
// reference: the same trial of the cell whose trackers are off, in which the fault
// was a sham, or else with what came before the fault.
type Outage struct {
	Name      string       `json:"name"`  // the cell's settings but for the state of trackers; empty where there are none
	State     TrackerState `json:"state"` // of the trackers
	Fault     Fault        `json:"fault"`
	Reference string       `json:"reference"` // off or before
	During    Change       `json:"during"`    // p99 in seconds, over the trials
	After     Change       `json:"after"`     // likewise
}

// The references of outages.
const (
	ReferenceOff    = "off"
	ReferenceBefore = "before"
)

// leastOfPhase is of how few attempts a p99 means nothing.
const leastOfPhase = 100

// Outages compares the faults of trackers, MaxPhases at most of each cell. They come
// in the order of the records.
func Outages(run *Run) []Outage {
	return outages(inOrder(run).Records, PhasesOf)
}

// sighting is one fault in one trial, beside what it is compared with.
type sighting struct {
	fault         Fault
	saw           Phases
	reference     string
	during, after Phase // of the reference
}

func outages(records []*Record, phases func(*Record) []Phases) []Outage {
	shams := map[block]*Record{}
	for _, rec := range records {
		if rec.Cell.Scenario.Topology.Tracking() == TrackerOff && finished(rec) {
			shams[blockOf(rec)] = rec
		}
	}
	var list []Outage
	pairs := map[int][2][]pair{} // by place in list: during, after
	for _, rec := range records {
		if !finished(rec) {
			continue
		}
		for _, s := range sightings(rec, phases(rec), shams[blockOf(rec)]) {
			o := Outage{Name: blockOf(rec).name, State: rec.Cell.Scenario.Topology.Tracking(), Fault: s.fault, Reference: s.reference}
			at := slices.Index(list, o)
			if at < 0 {
				at, list = len(list), append(list, o)
			}
			p := pairs[at]
			pairs[at] = [2][]pair{append(p[0], pairOf(s.saw.During, s.during)), append(p[1], pairOf(s.saw.After, s.after))}
		}
	}
	for i := range list {
		list[i].During = changeOf(pairs[i][0], func(b burden) float64 { return b.p99 })
		list[i].After = changeOf(pairs[i][1], func(b burden) float64 { return b.p99 })
	}
	return list
}

// finished says whether a trial was played to its end.
func finished(rec *Record) bool { return rec.Error == "" && !rec.Interrupted }

// blockOf returns the trial that is compared with the same trial of other states.
func blockOf(rec *Record) block {
	name, _ := costName(rec.Cell)
	return block{name, rec.Trial}
}

// sightings are the faults of trackers in a trial. A trial in which the same fault was
// a sham is looked at in the same time, whatever time the sham took.
func sightings(rec *Record, phases []Phases, off *Record) []sighting {
	var shams []Phases
	if off != nil {
		shams = phasesLike(off, phases)
	}
	var list []sighting
	for i, p := range phases {
		d := rec.Disturbances[p.Disturbance]
		if d.Sham || d.Fault.Tier() != TierTracker {
			continue
		}
		s := sighting{fault: d.Fault, saw: p, reference: ReferenceBefore, during: p.Before, after: p.Before}
		if off != nil && slices.ContainsFunc(off.Disturbances, func(o Disturbance) bool { return o.Sham && o.Error == "" && o.Fault == d.Fault }) {
			s.reference, s.during, s.after = ReferenceOff, shams[i].During, shams[i].After
		}
		list = append(list, s)
	}
	return list
}

// Tier returns the tier of the node that the fault is played on.
func (f Fault) Tier() string { return tierOf(f.Node) }

// pairOf compares two phases; one of few attempts is not known.
func pairOf(p, reference Phase) pair {
	return pair{burden{p99: thick(p)}, burden{p99: thick(reference)}}
}

func thick(p Phase) float64 {
	if p.Attempts < leastOfPhase {
		return math.NaN()
	}
	return p.P99.Seconds()
}
